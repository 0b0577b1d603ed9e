import { findRecords } from '@client/masterData';
import type { MissingGroup } from '@client/providers';
import { useQuery } from '@tanstack/react-query';
import { Input, Select } from 'antd';
import { useDeferredValue, useState } from 'react';
import { mappingTables, tableLabel } from './mappingTables';

type Suggestion = MissingGroup['suggestions'][number];

/** How alike a suggestion is, and why. Only a certain one is no guess. */
export const certaintyLabel = ({ certain, score, reason }: Suggestion): string =>
  certain ? `Certain: ${reason}` : `Guess, ${Math.round(score * 100)}% similar: ${reason}`;

/** A search for an existing record: suggestions first. Nothing else can be chosen. */
export function RecordChoice({
  id,
  table,
  value,
  suggestions = [],
  onChange,
}: {
  id: string;
  table: string;
  value: string;
  suggestions?: readonly Suggestion[];
  onChange: (value: string) => void;
}) {
  const [search, setSearch] = useState('');
  const text = useDeferredValue(search.trim());
  const found = useQuery({ queryKey: ['records', table, text], queryFn: () => findRecords(table, text) });
  if (!mappingTables.includes(table)) return <Input id={id} value={value} onChange={(event) => onChange(event.target.value)} />;
  const suggested = text === '' ? suggestions : [];
  const names = new Set(suggested.map((item) => item.internal));
  const options = [
    ...suggested.map((item) => ({ value: item.internal, title: item.label, detail: certaintyLabel(item) })),
    ...(found.data ?? []).filter((record) => !names.has(record.name)).map(({ name, title }) => ({ value: name, title, detail: '' })),
  ];
  return (
    <Select
      id={id}
      className="record-choice"
      showSearch={{ filterOption: false, onSearch: setSearch }}
      value={value === '' ? undefined : value}
      onChange={onChange}
      placeholder={`Find a ${tableLabel(table).toLowerCase()} by name or number`}
      loading={found.isFetching}
      notFoundContent={found.isFetching ? 'Searching' : `No ${tableLabel(table).toLowerCase()} with this name`}
      options={options.map((option) => ({ ...option, label: option.value }))}
      optionRender={({ data }) => (
        <span className="two-line">
          <span>{data.value}</span>
          <span className="muted wrap">{[data.title === data.value ? '' : data.title, data.detail].filter(Boolean).join(' · ')}</span>
        </span>
      )}
    />
  );
}
