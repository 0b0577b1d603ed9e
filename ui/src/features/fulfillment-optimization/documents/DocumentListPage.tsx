import { type ConfigurationDocument, listDocuments } from '@client/configuration';
import { PlusOutlined } from '@kit/icons';
import { EmptyState } from '@kit/feedback';
import { Page } from '@kit/layout';
import { FilterBar, type ListColumn, ListView, useUrlFilters } from '@kit/list';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { needsWrite } from './DocumentDrawer';
import { asText } from '@kit/forms/fields';
import { usePermission } from '@kit/usePermission';
import { asPagedList } from '@kit/list/asPagedList';
import '../optimization.css';

interface Props {
  kind: string;
  title: string;
  noun: string;
  lead: string;
  icon: ReactNode;
  /** What belongs here, for whoever sees it empty. */
  belongs: ReactNode;
  columns: readonly ListColumn<ConfigurationDocument>[];
  fresh: ConfigurationDocument;
  above?: ReactNode;
  /** Documents that are shown although nobody wrote them. */
  builtIn?: readonly ConfigurationDocument[];
  /** Words beside name and title it is found by. */
  alsoFind?: (document: ConfigurationDocument) => string;
  drawer: (document: ConfigurationDocument, isNew: boolean, close: () => void, isBuiltIn: boolean) => ReactNode;
}

const NEW = '+';

/** Configuration documents of one kind: found by words, opened to be edited, a new one added. */
export function DocumentsList({
  kind,
  title,
  noun,
  lead,
  icon,
  belongs,
  columns,
  fresh,
  above,
  builtIn = [],
  alsoFind = () => '',
  drawer,
}: Props) {
  const answer = useQuery({ queryKey: ['configuration', kind], queryFn: ({ signal }) => listDocuments(kind, signal) });
  const [chosen, change] = useUrlFilters(['search', 'open']);
  const may = usePermission('configuration.write');
  const written = new Set((answer.data ?? []).map((item) => item.name));
  const all = answer.data ? [...builtIn.filter((entry) => !written.has(entry.name)), ...answer.data] : [];
  const wanted = (chosen.search ?? '').toLowerCase();
  const rows = all.filter((candidate) =>
    `${candidate.name} ${asText(candidate.body.title)} ${alsoFind(candidate)}`.toLowerCase().includes(wanted),
  );
  const isNew = chosen.open === NEW;
  const open = isNew ? fresh : all.find((current) => current.name === chosen.open);
  const add = (
    <ExplainedButton type="primary" icon={<PlusOutlined />} allowed={may} why={needsWrite} onClick={() => change({ open: NEW })}>
      New {noun}
    </ExplainedButton>
  );
  const named: ListColumn<ConfigurationDocument> = {
    id: 'name',
    title: noun.charAt(0).toUpperCase() + noun.slice(1),
    alwaysShown: true,
    cell: (row) => (
      <span className="two-line">
        <button type="button" className="link-button strong" style={{ justifySelf: 'start' }} onClick={() => change({ open: row.name })}>
          {asText(row.body.title) || row.name}
        </button>
        <span className="muted">{written.has(row.name) ? row.name : `${row.name} — built in, nobody has written it yet`}</span>
      </span>
    ),
  };
  return (
    <Page title={title} lead={lead} actions={add}>
      {above}
      <ListView
        label={title}
        list={asPagedList(answer, rows)}
        columns={[named, ...columns]}
        rowId={(row) => row.name}
        onOpen={(row) => change({ open: row.name })}
        toolbar={<FilterBar filters={[]} values={chosen} onChange={change} search={`Find a ${noun}`} />}
        empty={
          <EmptyState
            icon={icon}
            title={all.length > 0 ? `No ${noun} is called “${chosen.search ?? ''}”` : `No ${title.toLowerCase()} yet`}
            action={all.length === 0 && add}
          >
            {belongs}
          </EmptyState>
        }
      />
      {open && drawer(open, isNew, () => change({ open: undefined }), !isNew && !written.has(open.name))}
    </Page>
  );
}
