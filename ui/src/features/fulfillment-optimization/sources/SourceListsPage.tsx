import { listSources } from '@client/inventory';
import { whole } from '@kit/format';
import { EnvironmentOutlined } from '@kit/icons';
import { MapView, pinOf } from '@kit/MapView';
import { useQuery } from '@tanstack/react-query';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentsList } from '../documents/DocumentListPage';
import { ManyField, named, strings, text, TextField } from '@kit/forms/fields';

const fresh = { kind: 'source_list', name: '', body: { title: '', sources: [] } };

/** Sources that constraints and strategies speak of together. */
export default function SourceListsPage() {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  return (
    <DocumentsList
      kind="source_list"
      title="Source lists"
      noun="source list"
      lead="Sources that strategies choose from and constraints speak of together."
      icon={<EnvironmentOutlined />}
      belongs="A list names sources once, such as “West coast stores”, so that a strategy can be kept to them."
      fresh={fresh}
      columns={[
        {
          key: 'count',
          title: 'Sources',
          align: 'right',
          render: (row) => <span className="figure">{whole(strings(row.body.sources).length)}</span>,
        },
        {
          key: 'sources',
          title: 'Which',
          render: (row) => {
            const names = strings(row.body.sources);
            return (
              <span className="muted">
                {names.slice(0, 8).join(', ')}
                {names.length > 8 && ` and ${names.length - 8} more`}
              </span>
            );
          },
        },
      ]}
      drawer={(document, isNew, close) => (
        <DocumentDrawer
          key={document.name}
          document={document}
          isNew={isNew}
          noun="source list"
          onClose={close}
          complete={(body) =>
            text(body.title) === '' ? 'Give the list a title' : strings(body.sources).length === 0 ? 'Choose at least one source' : ''
          }
        >
          {(body, set) => (
            <>
              <TextField wide label="Title" value={body.title} onChange={(title) => set({ title })} />
              <ManyField
                wide
                label="Sources"
                placeholder="Choose sources"
                value={body.sources}
                options={named(sources.data ?? [])}
                onChange={(chosen) => set({ sources: chosen })}
              />
              <div className="wide">
                <MapView
                  label="Sources of this list"
                  height={260}
                  pins={(sources.data ?? [])
                    .filter((one) => strings(body.sources).includes(one.name))
                    .flatMap((one) =>
                      pinOf({
                        id: one.name,
                        label: one.name,
                        kind: one.active ? 'source' : 'inactive',
                        latitude: one.latitude,
                        longitude: one.longitude,
                      }),
                    )}
                />
              </div>
            </>
          )}
        </DocumentDrawer>
      )}
    />
  );
}
