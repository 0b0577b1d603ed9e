import { listSources } from '@client/inventory';
import { CloseOutlined, PlusOutlined } from '@kit/icons';
import { QueryContent } from '@kit/feedback';
import { MapView, pinOf } from '@kit/MapView';
import { useQuery } from '@tanstack/react-query';
import { Button, Checkbox } from 'antd';
import { SelectField, documentOptions, TextField } from '@kit/forms/fields';
import type { StepProps } from './SimulationWizard';
import { SourceFields } from '../sources/SourceDrawer';
import { StockField } from './WizardSteps';

/** Sources of the scenario, on a map and as a list. */
export function SourcesStep({ draft, change }: StepProps) {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const closed = new Set(draft.changes.closed_sources);
  const newSources = draft.changes.new_sources;
  const toggle = (name: string, open: boolean): void =>
    change({ closed_sources: open ? [...closed].filter((item) => item !== name) : [...closed, name] });
  const edit = (index: number, part: Partial<(typeof newSources)[number]>): void =>
    change({ new_sources: newSources.map((entry, at) => (at === index ? { ...entry, ...part } : entry)) });
  return (
    <QueryContent query={sources} rows={8}>
      {(items) => (
        <div className="stack">
          <div className="side-by-side">
            <MapView
              label="Sources of the scenario"
              height={320}
              pins={items.flatMap((candidate) =>
                pinOf({
                  id: candidate.name,
                  label: candidate.name,
                  kind: candidate.active && !closed.has(candidate.name) ? 'source' : 'inactive',
                  latitude: candidate.latitude,
                  longitude: candidate.longitude,
                }),
              )}
            />
            <div className="stack" style={{ gap: 8 }}>
              <span className="form-legend">Sources in the scenario</span>
              <div className="pick-sources">
                {items.map((current) => (
                  <Checkbox
                    key={current.name}
                    disabled={!current.active}
                    checked={current.active && !closed.has(current.name)}
                    onChange={(event) => toggle(current.name, event.target.checked)}
                  >
                    {current.name} <span className="muted">{current.active ? current.title : 'inactive'}</span>
                  </Checkbox>
                ))}
              </div>
              <span className="muted small">
                {closed.size === 0 ? 'All active sources are included.' : `${closed.size} excluded: ${[...closed].join(', ')}.`}
              </span>
            </div>
          </div>
          <div className="form-rows">
            <span className="form-legend">New sources</span>
            {newSources.map((value, index) => (
              <details key={index} open className="choice">
                <summary>
                  <span className="strong">{value.name || 'New source'}</span>
                </summary>
                <div className="form" style={{ margin: '12px 0' }}>
                  <TextField label="Name" value={value.name} onChange={(name) => edit(index, { name })} />
                  <SelectField
                    label="Copy stock from"
                    emptyLabel="None"
                    value={value.stock_like}
                    options={documentOptions(items)}
                    onChange={(stock_like) => edit(index, { stock_like })}
                  />
                  <StockField label="Stock by product" stock={value.stock} onChange={(stock) => edit(index, { stock })} />
                  <div style={{ alignSelf: 'end' }}>
                    <Button icon={<CloseOutlined />} onClick={() => change({ new_sources: newSources.filter((_, at) => at !== index) })}>
                      Remove
                    </Button>
                  </div>
                  <SourceFields body={value.body} set={(part) => edit(index, { body: { ...value.body, ...part } })} />
                </div>
              </details>
            ))}
            <Button
              style={{ justifySelf: 'start' }}
              icon={<PlusOutlined />}
              onClick={() =>
                change({
                  new_sources: [
                    ...newSources,
                    {
                      name: '',
                      body: { title: '', type: 'warehouse', address: { country: items[0]?.country ?? 'US' } },
                      stock_like: '',
                      stock: {},
                    },
                  ],
                })
              }
            >
              Add source
            </Button>
          </div>
        </div>
      )}
    </QueryContent>
  );
}
