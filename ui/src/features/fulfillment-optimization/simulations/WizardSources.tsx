import { listSources } from '@client/inventory';
import { CloseOutlined, PlusOutlined } from '@kit/icons';
import { Loaded } from '@kit/feedback';
import { MapView, pinOf } from '@kit/MapView';
import { useQuery } from '@tanstack/react-query';
import { Button, Checkbox } from 'antd';
import { ChoiceField, named, TextField } from '@kit/forms/fields';
import type { StepProps } from './SimulationWizard';
import { SourceFields } from '../sources/SourceDrawer';
import { StockField } from './WizardSteps';

/** Which sources are open in the scenario, on the map and as a list, and new ones. */
export function SourcesStep({ draft, change }: StepProps) {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const closed = new Set(draft.changes.closed_sources);
  const opened = draft.changes.new_sources;
  const toggle = (name: string, open: boolean): void =>
    change({ closed_sources: open ? [...closed].filter((one) => one !== name) : [...closed, name] });
  const edit = (index: number, part: Partial<(typeof opened)[number]>): void =>
    change({ new_sources: opened.map((one, at) => (at === index ? { ...one, ...part } : one)) });
  return (
    <Loaded answer={sources} rows={8}>
      {(items) => (
        <div className="stack">
          <div className="side-by-side">
            <MapView
              label="Sources of the scenario"
              height={320}
              pins={items.flatMap((one) =>
                pinOf({
                  id: one.name,
                  label: one.name,
                  kind: one.active && !closed.has(one.name) ? 'source' : 'inactive',
                  latitude: one.latitude,
                  longitude: one.longitude,
                }),
              )}
            />
            <div className="stack" style={{ gap: 8 }}>
              <span className="form-legend">Open in the scenario</span>
              <div className="pick-sources">
                {items.map((one) => (
                  <Checkbox
                    key={one.name}
                    disabled={!one.active}
                    checked={one.active && !closed.has(one.name)}
                    onChange={(event) => toggle(one.name, event.target.checked)}
                  >
                    {one.name} <span className="muted">{one.active ? one.title : 'inactive today'}</span>
                  </Checkbox>
                ))}
              </div>
              <span className="muted small">
                {closed.size === 0 ? 'Every active source is open.' : `${closed.size} closed: ${[...closed].join(', ')}.`}
              </span>
            </div>
          </div>
          <div className="form-rows">
            <span className="form-legend">New sources</span>
            {opened.map((one, index) => (
              <details key={index} open className="choice">
                <summary>
                  <span className="strong">{one.name || 'A new source'}</span>
                </summary>
                <div className="form" style={{ margin: '12px 0' }}>
                  <TextField label="Name" value={one.name} onChange={(name) => edit(index, { name })} />
                  <ChoiceField
                    label="Starts with the stock of"
                    empty="No stock, but what is given below"
                    value={one.stock_like}
                    options={named(items)}
                    onChange={(stock_like) => edit(index, { stock_like })}
                  />
                  <StockField label="Stock, as PRODUCT units" stock={one.stock} onChange={(stock) => edit(index, { stock })} />
                  <div style={{ alignSelf: 'end' }}>
                    <Button icon={<CloseOutlined />} onClick={() => change({ new_sources: opened.filter((_, at) => at !== index) })}>
                      Take it away
                    </Button>
                  </div>
                  <SourceFields body={one.body} set={(part) => edit(index, { body: { ...one.body, ...part } })} />
                </div>
              </details>
            ))}
            <Button
              style={{ justifySelf: 'start' }}
              icon={<PlusOutlined />}
              onClick={() =>
                change({
                  new_sources: [
                    ...opened,
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
              Add a new source
            </Button>
          </div>
        </div>
      )}
    </Loaded>
  );
}
