import { listSources } from '@client/inventory';
import { formatNumber } from '@kit/format';
import { EnvironmentOutlined } from '@kit/icons';
import { MapView, pinOf } from '@kit/MapView';
import { useQuery } from '@tanstack/react-query';
import { DocumentDrawer } from '../documents/DocumentDrawer';
import { DocumentListPage } from '../documents/DocumentListPage';
import { MultiSelectField, documentOptions, asStrings, asText, TextField } from '@kit/forms/fields';

const newDocument = { kind: 'source_list', name: '', body: { title: '', sources: [] } };

/** Groups of sources for constraints and strategies. */
export default function SourceListsPage() {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  return (
    <DocumentListPage
      kind="source_list"
      title="Source lists"
      noun="source list"
      description="Groups of sources for strategies and constraints."
      icon={<EnvironmentOutlined />}
      emptyDescription="Group sources, such as “West coast stores”, to use them in strategies and constraints."
      newDocument={newDocument}
      columns={[
        {
          id: 'count',
          title: 'Sources',
          align: 'right',
          cell: (row) => <span className="figure">{formatNumber(asStrings(row.body.sources).length)}</span>,
        },
        {
          id: 'sources',
          title: 'Members',
          cell: (row) => {
            const names = asStrings(row.body.sources);
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
          validate={(body) =>
            asText(body.title) === '' ? 'Enter a title' : asStrings(body.sources).length === 0 ? 'Choose at least one source' : ''
          }
        >
          {(body, set) => (
            <>
              <TextField wide label="Title" value={body.title} onChange={(title) => set({ title })} />
              <MultiSelectField
                wide
                label="Sources"
                placeholder="Choose sources"
                value={body.sources}
                options={documentOptions(sources.data ?? [])}
                onChange={(selected) => set({ sources: selected })}
              />
              <div className="wide">
                <MapView
                  label="Sources of this list"
                  height={260}
                  pins={(sources.data ?? [])
                    .filter((source) => asStrings(body.sources).includes(source.name))
                    .flatMap((item) =>
                      pinOf({
                        id: item.name,
                        label: item.name,
                        kind: item.active ? 'source' : 'inactive',
                        latitude: item.latitude,
                        longitude: item.longitude,
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
