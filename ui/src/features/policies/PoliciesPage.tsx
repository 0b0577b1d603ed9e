import { ApartmentOutlined } from '@kit/icons';
import { listPolicies, type Policy, type PolicyRow } from '@client/orchestration';
import { Expression } from '@kit/Expression';
import { EmptyState, QueryContent } from '@kit/feedback';
import { HorizontalScroll } from '@kit/HorizontalScroll';
import { Page, Card } from '@kit/layout';
import { Badge } from '@kit/states';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import './policies.css';

function formatCell(value: unknown): ReactNode {
  if (value === undefined || value === null || value === '') return '';
  if (value === true) return 'Yes';
  if (value === false) return 'No';
  if (typeof value === 'object' && 'formula' in value) return <Expression source={String(value.formula)} fallback="Calculated value" />;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Decision tables: rows in order; the first row that matches applies. */
export default function PoliciesPage() {
  const [search, setSearch] = useState('');
  const policies = useQuery({ queryKey: ['policies'], queryFn: listPolicies });
  return (
    <Page
      title="Policies"
      description="Rows are evaluated from top to bottom. The first row whose conditions all match applies."
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
      <QueryContent query={policies} rows={8}>
        {(items) => {
          const visiblePolicies = items.filter((policy) =>
            `${policy.name} ${policy.title} ${policy.entity}`.toLowerCase().includes(search.trim().toLowerCase()),
          );
          if (visiblePolicies.length > 0) return visiblePolicies.map((policy) => <PolicyTable key={policy.name} policy={policy} />);
          return (
            <Card>
              <EmptyState
                icon={<ApartmentOutlined />}
                title={items.length > 0 ? `No policies match “${search}”` : 'No policies yet'}
                action={
                  items.length > 0 ? <Button onClick={() => setSearch('')}>Show all policies</Button> : <Link to="/flows">View flows</Link>
                }
              >
                A policy checks or sets order fields while a flow runs. Publish one with <code>iom config apply</code>.
              </EmptyState>
            </Card>
          );
        }}
      </QueryContent>
    </Page>
  );
}

/** Outcome columns of a policy: outcome, assigned fields, reason. */
function outcomeColumns(policy: Policy): { name: string; format: (row: PolicyRow) => ReactNode }[] {
  const fields = [...new Set(policy.rows.flatMap((row) => Object.keys(row.set ?? {})))];
  const hasOutcomes = policy.rows.some((row) => row.outcome);
  const hasReasons = policy.rows.some((row) => row.reason);
  return [
    ...(hasOutcomes ? [{ name: 'Outcome', format: (row: PolicyRow) => (row.outcome ? humanize(row.outcome) : '') }] : []),
    ...fields.map((field) => ({ name: `Set ${field.replaceAll('_', ' ')}`, format: (row: PolicyRow) => formatCell(row.set?.[field]) })),
    ...(hasReasons ? [{ name: 'Reason', format: (row: PolicyRow) => formatCell(row.reason) }] : []),
  ];
}

function PolicyTable({ policy }: { policy: Policy }) {
  const outcomes = outcomeColumns(policy);
  return (
    <Card
      flush
      title={<span id={policy.name}>{policy.title}</span>}
      extra={
        <>
          <span>
            {humanize(policy.type)} policy on {humanize(policy.entity).toLowerCase()}
          </span>
          <Badge tone={policy.criticality === 'critical' ? 'attention' : 'neutral'}>{humanize(policy.criticality)}</Badge>
        </>
      }
    >
      <HorizontalScroll label={policy.title}>
        <table className="plain decision" aria-label={policy.title}>
          <thead>
            <tr>
              <th scope="col" className="num">
                Row
              </th>
              {policy.columns.map((column) => (
                <th key={column.name} scope="col" title={column.field}>
                  {column.name}
                </th>
              ))}
              {outcomes.map((column) => (
                <th key={column.name} scope="col" className="outcome">
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {policy.rows.map((row, index) => (
              <tr key={index}>
                <td className="num muted figure">{index + 1}</td>
                {Object.keys(row.when ?? {}).length === 0 && policy.columns.length > 0 ? (
                  <td colSpan={policy.columns.length} className="muted">
                    {policy.hit === 'every' ? 'Always' : 'Otherwise'}
                  </td>
                ) : (
                  policy.columns.map((column) => (
                    <td key={column.name}>
                      {row.when?.[column.name] ? (
                        <Expression cell source={row.when[column.name] ?? ''} />
                      ) : (
                        <span className="muted">Any</span>
                      )}
                    </td>
                  ))
                )}
                {outcomes.map((column) => (
                  <td key={column.name} className="outcome">
                    {column.format(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </HorizontalScroll>
    </Card>
  );
}
