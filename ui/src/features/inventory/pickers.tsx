import { findProducts, listSources } from '@client/inventory';
import { useQuery } from '@tanstack/react-query';
import { AutoComplete, Select } from 'antd';
import { useDeferredValue } from 'react';

/** A product number field with suggestions. */
export function ProductField({
  label,
  value,
  onChange,
  onPick,
}: {
  label: string;
  value: string;
  onChange: (product: string) => void;
  /** Called when a suggestion is selected. */
  onPick?: (product: string) => void;
}) {
  const searchText = useDeferredValue(value.trim());
  const productsQuery = useQuery({
    queryKey: ['products', searchText],
    queryFn: () => findProducts(searchText),
    placeholderData: (before) => before,
  });
  return (
    <AutoComplete
      aria-label={label}
      placeholder="Product number or name"
      value={value}
      options={(productsQuery.data ?? []).map((item) => ({ value: item.number, name: item.name }))}
      optionRender={(option) => (
        <span className="two-line">
          <span>{option.data.value}</span>
          <span className="muted">{option.data.name}</span>
        </span>
      )}
      onChange={onChange}
      onSelect={(product: string) => onPick?.(product)}
    />
  );
}

export function SourceField({
  label,
  value,
  onChange,
  allLabel,
}: {
  label: string;
  value: string;
  onChange: (source: string) => void;
  allLabel?: string;
}) {
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const options = (sources.data ?? []).map((item) => ({
    value: item.name,
    label: item.title ? `${item.name} · ${item.title}` : item.name,
  }));
  return (
    <Select
      aria-label={label}
      value={value === '' && allLabel === undefined ? undefined : value}
      placeholder="Choose a source"
      showSearch={{ optionFilterProp: 'label' }}
      options={allLabel === undefined ? options : [{ value: '', label: allLabel }, ...options]}
      onChange={onChange}
    />
  );
}
