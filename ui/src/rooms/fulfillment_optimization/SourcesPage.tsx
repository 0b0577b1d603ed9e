import { EnvironmentOutlined } from '@kit/icons';
import { listSources } from '@client/inventory';
import { EmptyState, Loaded } from '@kit/feedback';
import { ScrollX } from '@kit/ScrollX';
import { Page, Section } from '@kit/layout';
import { MapView, pinOf } from '@kit/MapView';
import { inWords, StateTag } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

/** Where orders can ship from, on a map and as a list. */
export default function SourcesPage() {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  return (
    <Page
      title="Sources"
      lead="Warehouses, stores and vendors an order can ship from. They are configuration: change them with iom config apply."
    >
      <Loaded answer={sources} rows={8}>
        {(items) =>
          items.length === 0 ? (
            <Section>
              <EmptyState icon={<EnvironmentOutlined />} title="No sources yet">
                A source is a place that holds stock and can ship it. Describe one in a configuration document of kind <code>source</code>{' '}
                and apply it with <code>iom config apply</code>.
              </EmptyState>
            </Section>
          ) : (
            <>
              <MapView
                label="Sources"
                height={440}
                pins={items.flatMap((one) =>
                  pinOf({
                    id: one.name,
                    label: one.name,
                    kind: one.active ? 'source' : 'inactive',
                    latitude: one.latitude,
                    longitude: one.longitude,
                  }),
                )}
              />
              <Section flush>
                <ScrollX label="Sources">
                  <table className="plain">
                    <thead>
                      <tr>
                        <th scope="col">Source</th>
                        <th scope="col">Name</th>
                        <th scope="col">Type</th>
                        <th scope="col">Place</th>
                        <th scope="col">State</th>
                        <th scope="col">Stock</th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((one) => (
                        <tr key={one.name}>
                          <td className="strong">{one.name}</td>
                          <td>{one.title}</td>
                          <td>{one.type === '3pl' ? '3PL' : inWords(one.type)}</td>
                          <td>{[one.city, one.state, one.country].filter(Boolean).join(', ')}</td>
                          <td>
                            <StateTag state={one.active ? 'active' : 'inactive'} />
                          </td>
                          <td>
                            <Link to={`/inventory?source=${encodeURIComponent(one.name)}`}>See stock</Link>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </ScrollX>
              </Section>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
