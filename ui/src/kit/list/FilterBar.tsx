import { CloseOutlined, FilterOutlined, SearchOutlined } from '../icons';
import { Button, Input } from 'antd';
import { type ReactNode, useEffect, useEffectEvent, useState } from 'react';
import { useLocation, useSearchParams } from 'react-router';
import { FocusPopover } from '../FocusPopover';
import type { MatchingCount } from './matching';
import { SavedViews } from './SavedViews';

export interface Filter {
  key: string;
  label: string;
  kind: 'choice' | 'text' | 'date' | 'flag';
  options?: readonly { value: string; label: string }[];
}

/**
 * Filters stored in the URL, so that lists can be bookmarked and shared. A change of `detailKeys`, such as the row that is
 * open, keeps the page of the list; other changes lead to the first one.
 */
export function useUrlFilters<K extends string>(
  keys: readonly K[],
  detailKeys: readonly K[] = [],
): [Partial<Record<K, string>>, (change: Partial<Record<K, string | undefined>>) => void] {
  const [params, setParams] = useSearchParams();
  const state: unknown = useLocation().state;
  const values: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const value = params.get(key);
    if (value !== null) values[key] = value;
  }
  const details: readonly string[] = detailKeys;
  const change = (next: Partial<Record<K, string | undefined>>): void => {
    const keepsPage = Object.keys(next).every((key) => details.includes(key));
    setParams(
      (before) => {
        const search = new URLSearchParams(before);
        if (!keepsPage) search.delete('after');
        for (const [key, value] of Object.entries<string | undefined>(next as Record<string, string | undefined>)) {
          if (value === undefined || value === '') search.delete(key);
          else search.set(key, value);
        }
        return search;
      },
      // Each letter of a search is no page to go back to.
      { state: keepsPage ? state : null, replace: Object.keys(next).join() === 'search' && params.has('search') },
    );
  };
  return [values, change];
}

interface BarProps {
  filters: readonly Filter[];
  values: Partial<Record<string, string>>;
  onChange: (change: Record<string, string | undefined>) => void;
  /** Placeholder of the search field; absent when there is no search. */
  search?: string;
  extra?: ReactNode;
  /** The saved views of the list; absent when it has none. `keys` are parameters besides the filters, such as the sort. */
  views?: ListViews;
}

export interface ListViews {
  list: string;
  keys?: readonly string[];
  count?: (parameters: Partial<Record<string, string>>, signal: AbortSignal) => Promise<MatchingCount>;
}

export function FilterBar({ filters, values, onChange, search, extra, views }: BarProps) {
  const activeFilters = filters.filter((filter) => values[filter.key] !== undefined);
  const availableFilters = filters.filter((filter) => values[filter.key] === undefined);
  const viewKeys = [...filters.map((filter) => filter.key), ...(search === undefined ? [] : ['search']), ...(views?.keys ?? [])];
  return (
    <>
      {views && <SavedViews list={views.list} keys={viewKeys} values={values} onChange={onChange} count={views.count} />}
      <div className="toolbar" role="search">
        {search !== undefined && (
          <SearchField placeholder={search} value={values.search ?? ''} onSearch={(text) => onChange({ search: text || undefined })} />
        )}
        {availableFilters.length > 0 && <AddFilter filters={availableFilters} onPick={(key, value) => onChange({ [key]: value })} />}
        {activeFilters.map((filter) => (
          <Chip key={filter.key} filter={filter} value={values[filter.key] ?? ''} onChange={(value) => onChange({ [filter.key]: value })} />
        ))}
        {activeFilters.length > 1 && (
          <Button
            type="link"
            size="small"
            onClick={() => onChange(Object.fromEntries(activeFilters.map((filter) => [filter.key, undefined])))}
          >
            Clear all
          </Button>
        )}
        <div className="toolbar-extra">{extra}</div>
      </div>
    </>
  );
}

const SEARCH_DELAY = 300;

/** Searches while the user types, after a short pause; Enter searches at once. */
function SearchField({ placeholder, value, onSearch }: { placeholder: string; value: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(value);
  const [searched, setSearched] = useState(value);
  const [seenValue, setSeenValue] = useState(value);
  if (value !== seenValue) {
    setSeenValue(value);
    // The value was changed elsewhere, such as by a saved view; the result of typing changes nothing here.
    if (value !== searched) setText(value);
    setSearched(value);
  }
  const searchFor = (words: string): void => {
    if (words === searched) return;
    setSearched(words);
    onSearch(words);
  };
  const onPause = useEffectEvent(searchFor);
  useEffect(() => {
    const timer = setTimeout(() => onPause(text.trim()), SEARCH_DELAY);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <Input
      className="toolbar-search"
      prefix={<SearchOutlined aria-hidden="true" />}
      placeholder={placeholder}
      aria-label={placeholder}
      value={text}
      allowClear
      onChange={(event) => {
        setText(event.target.value);
        if (event.target.value === '') searchFor('');
      }}
      onPressEnter={() => searchFor(text.trim())}
      onBlur={() => searchFor(text.trim())}
    />
  );
}

const valueLabel = (filter: Filter, value: string): string => filter.options?.find((option) => option.value === value)?.label ?? value;

function Chip({ filter, value, onChange }: { filter: Filter; value: string; onChange: (value: string | undefined) => void }) {
  const [open, setOpen] = useState(false);
  const text = filter.kind === 'flag' ? filter.label : `${filter.label}: ${valueLabel(filter, value)}`;
  return (
    <span className="chip">
      <FocusPopover
        open={open && filter.kind !== 'flag'}
        onOpenChange={setOpen}
        content={
          <ValueEditor
            filter={filter}
            value={value}
            onDone={(next) => {
              setOpen(false);
              onChange(next);
            }}
          />
        }
      >
        <button type="button" className="chip-text">
          {text}
        </button>
      </FocusPopover>
      <button type="button" className="chip-close" aria-label={`Remove filter ${text}`} onClick={() => onChange(undefined)}>
        <CloseOutlined />
      </button>
    </span>
  );
}

function AddFilter({ filters, onPick }: { filters: readonly Filter[]; onPick: (key: string, value: string) => void }) {
  const [open, setOpen] = useState(false);
  const [selectedFilter, setSelectedFilter] = useState<Filter>();
  const close = (): void => {
    setOpen(false);
    setSelectedFilter(undefined);
  };
  const content = selectedFilter ? (
    <ValueEditor
      filter={selectedFilter}
      value=""
      onDone={(value) => {
        close();
        if (value) onPick(selectedFilter.key, value);
      }}
    />
  ) : (
    <ul className="menu-list">
      {filters.map((filter) => (
        <li key={filter.key}>
          <button
            type="button"
            onClick={() => {
              if (filter.kind !== 'flag') {
                setSelectedFilter(filter);
                return;
              }
              close();
              onPick(filter.key, 'true');
            }}
          >
            {filter.label}
          </button>
        </li>
      ))}
    </ul>
  );
  return (
    <FocusPopover
      placement="bottomLeft"
      open={open}
      contentKey={selectedFilter?.key}
      onOpenChange={(next) => (next ? setOpen(true) : close())}
      content={content}
      arrow={false}
    >
      <Button icon={<FilterOutlined />}>Filter</Button>
    </FocusPopover>
  );
}

function ValueEditor({ filter, value, onDone }: { filter: Filter; value: string; onDone: (value: string | undefined) => void }) {
  const [text, setText] = useState(value);
  if (filter.kind === 'choice') {
    return (
      <ul className="menu-list" aria-label={filter.label}>
        {(filter.options ?? []).map((option) => (
          <li key={option.value}>
            <button type="button" aria-pressed={option.value === value} onClick={() => onDone(option.value)}>
              {option.label}
            </button>
          </li>
        ))}
        {(filter.options ?? []).length === 0 && <li className="muted">Nothing to choose yet</li>}
      </ul>
    );
  }
  return (
    <form
      className="value-editor"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(text.trim() || undefined);
      }}
    >
      <label>
        {filter.label}
        <Input autoFocus type={filter.kind === 'date' ? 'date' : 'text'} value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <Button type="primary" htmlType="submit">
        Apply
      </Button>
    </form>
  );
}

export const toOptions = (
  values: readonly string[],
  label: (value: string) => string = (value) => value,
): { value: string; label: string }[] => values.map((value) => ({ value, label: label(value) }));
