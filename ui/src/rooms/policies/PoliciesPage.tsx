import { ApartmentOutlined } from '@kit/icons';
import { listPolicies, type Policy } from '@client/orchestration';
import { EmptyState, Loaded } from '@kit/feedback';
import { ScrollX } from '@kit/ScrollX';
import { Page, Section } from '@kit/layout';
import { Badge, inWords } from '@kit/states';
import { useQuery } from '@tanstack/react-query';
import { Input } from 'antd';
import { useState } from 'react';
import './policies.css';

const cell = (value: unknown): string => {
  if (value === undefined || value === null || value === '') return '';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** Decision tables one can read aloud: rows in order, the first that fits decides. */
export default function PoliciesPage() {
  const [search, setSearch] = useState('');
  const policies = useQuery({ queryKey: ['policies'], queryFn: listPolicies });
  return (
    <Page
      title="Policies"
      lead="Rows are tried from the top; the first one whose conditions all hold decides."
      actions={
        <Input
          allowClear
          style={{ width: 240 }}
          placeholder="Find a policy"
          aria-label="Find a policy"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      }
    >
      <Loaded answer={policies} rows={8}>
        {(items) => {
          const shown = items.filter((policy) =>
            `${policy.name} ${policy.title} ${policy.entity}`.toLowerCase().includes(search.trim().toLowerCase()),
          );
          if (shown.length > 0) return shown.map((policy) => <PolicyTable key={policy.name} policy={policy} />);
          return (
            <Section>
              <EmptyState icon={<ApartmentOutlined />} title={items.length > 0 ? `No policy is called “${search}”` : 'No policies yet'}>
                A policy checks or sets fields of an order while a flow runs. Describe one in a configuration document of kind{' '}
                <code>policy</code>.
              </EmptyState>
            </Section>
          );
        }}
      </Loaded>
    </Page>
  );
}

function PolicyTable({ policy }: { policy: Policy }) {
  const conditions = policy.columns.filter((column) => column.kind === 'condition');
  const outcomes = policy.columns.filter((column) => column.kind === 'outcome');
  return (
    <Section
      flush
      title={<span id={policy.name}>{policy.title || policy.name}</span>}
      extra={
        <>
          <span>
            {inWords(policy.type)} policy on {inWords(policy.entity).toLowerCase()}
          </span>
          {policy.criticality && (
            <Badge tone={policy.criticality === 'critical' ? 'attention' : 'neutral'}>{inWords(policy.criticality)}</Badge>
          )}
        </>
      }
    >
      <ScrollX label={policy.title || policy.name}>
        <table className="plain decision" aria-label={policy.title || policy.name}>
          <thead>
            <tr>
              <th scope="col" className="num">
                Row
              </th>
              {conditions.map((column) => (
                <th key={column.id} scope="col" title={column.field}>
                  {column.title}
                </th>
              ))}
              {outcomes.map((column) => (
                <th key={column.id} scope="col" className="outcome" title={column.field}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {policy.rows.map((row, index) => (
              <tr key={row.name || index}>
                <td className="num muted figure">{row.name || index + 1}</td>
                {conditions.map((column) => (
                  <td key={column.id}>{cell(row.conditions[column.id]) || <span className="muted">any</span>}</td>
                ))}
                {outcomes.map((column) => (
                  <td key={column.id} className="outcome">
                    {cell(row.outcome[column.id])}
                  </td>
                ))}
              </tr>
            ))}
            {policy.otherwise && (
              <tr>
                <td />
                {conditions.length > 0 && (
                  <td colSpan={conditions.length} className="muted">
                    Otherwise
                  </td>
                )}
                {outcomes.map((column) => (
                  <td key={column.id} className="outcome">
                    {cell(policy.otherwise?.[column.id])}
                  </td>
                ))}
              </tr>
            )}
          </tbody>
        </table>
      </ScrollX>
    </Section>
  );
}
