import { AppstoreOutlined } from '@kit/icons';
import { listCatalog } from '@client/providers';
import { EmptyState, QueryContent } from '@kit/feedback';
import { Card, Page } from '@kit/layout';
import { schemaDefaults, asObjectSchema } from '@kit/forms/schema';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { InstanceForm } from './InstanceForm';
import './providers.css';

/** Install a provider of the library: its name, credentials and parameters. */
export default function NewInstancePage() {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const provider = params.get('provider') ?? '';
  const catalog = useQuery({ queryKey: ['catalog'], queryFn: listCatalog });
  const entry = catalog.data?.find((candidate) => candidate.name === provider);
  return (
    <Page
      breadcrumb={
        <Link to="/providers/library" className="crumb">
          Library
        </Link>
      }
      title={entry ? `Install ${entry.title}` : 'Install a provider'}
      description={entry?.description}
    >
      <QueryContent query={catalog} rows={8}>
        {() =>
          entry === undefined ? (
            <Card>
              <EmptyState
                icon={<AppstoreOutlined />}
                title="Choose a provider"
                action={<Link to="/providers/library">Open the library</Link>}
              >
                Choose what to connect from the library. Then enter its credentials here.
              </EmptyState>
            </Card>
          ) : (
            <InstanceForm
              isNew
              entry={entry}
              document={{
                kind: 'provider_instance',
                name: '',
                body: {
                  provider: entry.name,
                  title: entry.title,
                  connection: schemaDefaults(asObjectSchema(entry.connection_schema)),
                  parameters: schemaDefaults(asObjectSchema(entry.parameters_schema)),
                },
              }}
              onInstalled={(name) => void navigate(`/providers/${encodeURIComponent(name)}`)}
            />
          )
        }
      </QueryContent>
    </Page>
  );
}
