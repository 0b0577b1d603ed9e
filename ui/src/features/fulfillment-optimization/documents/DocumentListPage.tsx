import { type ConfigurationDocument, listDocuments } from '@client/configuration';
import { PlusOutlined } from '@kit/icons';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import { FilterBar, type ListColumn, ListView, useUrlFilters } from '@kit/list';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { writePermissionRequired } from './DocumentDrawer';
import { asText } from '@kit/forms/fields';
import { usePermission } from '@kit/usePermission';
import { asPagedList } from '@kit/list/asPagedList';
import '../optimization.css';

interface Props {
  kind: string;
  title: string;
  noun: string;
  description: string;
  icon: ReactNode;
  /** Shown when the list is empty. */
  emptyDescription: ReactNode;
  columns: readonly ListColumn<ConfigurationDocument>[];
  newDocument: ConfigurationDocument;
  content?: ReactNode;
  /** Defaults shown until a document of the same name exists. */
  builtIn?: readonly ConfigurationDocument[];
  /** Additional text to search. */
  extraSearchText?: (document: ConfigurationDocument) => string;
  drawer: (document: ConfigurationDocument, isNew: boolean, close: () => void, isBuiltIn: boolean) => ReactNode;
}

const NEW = '+';

/** A searchable list of configuration documents of one kind, with a drawer to edit them. */
export function DocumentListPage({
  kind,
  title,
  noun,
  description,
  icon,
  emptyDescription,
  columns,
  newDocument,
  content,
  builtIn = [],
  extraSearchText = () => '',
  drawer,
}: Props) {
  const query = useQuery({ queryKey: ['configuration', kind], queryFn: ({ signal }) => listDocuments(kind, signal) });
  const [filters, change] = useUrlFilters(['search', 'open']);
  const canWrite = usePermission('configuration.write');
  const storedNames = new Set((query.data ?? []).map((item) => item.name));
  const allDocuments = query.data ? [...builtIn.filter((entry) => !storedNames.has(entry.name)), ...query.data] : [];
  const searchText = (filters.search ?? '').toLowerCase();
  const rows = allDocuments.filter((candidate) =>
    `${candidate.name} ${asText(candidate.body.title)} ${extraSearchText(candidate)}`.toLowerCase().includes(searchText),
  );
  const isNew = filters.open === NEW;
  const open = isNew ? newDocument : allDocuments.find((current) => current.name === filters.open);
  const add = (
    <ExplainedButton
      type="primary"
      icon={<PlusOutlined />}
      allowed={canWrite}
      disabledReason={writePermissionRequired}
      onClick={() => change({ open: NEW })}
    >
      New {noun}
    </ExplainedButton>
  );
  const nameColumn: ListColumn<ConfigurationDocument> = {
    id: 'name',
    title: noun.charAt(0).toUpperCase() + noun.slice(1),
    alwaysShown: true,
    cell: (row) => (
      <span className="two-line">
        <button type="button" className="link-button strong" style={{ justifySelf: 'start' }} onClick={() => change({ open: row.name })}>
          {asText(row.body.title) || row.name}
        </button>
        <span className="muted">{storedNames.has(row.name) ? row.name : `${row.name} (built-in default)`}</span>
      </span>
    ),
  };
  return (
    <Page title={title} description={description} actions={add}>
      {content}
      <ListView
        label={title}
        list={asPagedList(query, rows)}
        columns={[nameColumn, ...columns]}
        rowId={(row) => row.name}
        onOpen={(row) => change({ open: row.name })}
        toolbar={<FilterBar filters={[]} values={filters} onChange={change} search={`Find a ${noun}`} />}
        empty={
          <EmptyState
            icon={icon}
            title={allDocuments.length > 0 ? `No ${title.toLowerCase()} match “${filters.search ?? ''}”` : `No ${title.toLowerCase()} yet`}
            action={allDocuments.length === 0 && add}
          >
            {emptyDescription}
          </EmptyState>
        }
      />
      {open && drawer(open, isNew, () => change({ open: undefined }), !isNew && !storedNames.has(open.name))}
    </Page>
  );
}
