import { deleteView, listSavedViews, type SavedView, saveView } from '@client/savedViews';
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { ProblemNotice } from '../feedback';
import { FocusPopover } from '../FocusPopover';
import { formatNumber } from '../format';
import { CloseOutlined, PlusOutlined } from '../icons';
import type { MatchingCount } from './matching';

type Values = Partial<Record<string, string>>;

interface Props {
  /** The list that the views are of. */
  list: string;
  /** The parameters of a view in the address. */
  keys: readonly string[];
  values: Values;
  onChange: (change: Record<string, string | undefined>) => void;
  count?: (parameters: Values, signal: AbortSignal) => Promise<MatchingCount>;
}

const sameParameters = (keys: readonly string[], one: Values, other: Values): boolean =>
  keys.every((key) => (one[key] ?? '') === (other[key] ?? ''));

const countText = ({ count, limit }: MatchingCount): string =>
  count === null ? '…' : count >= limit ? `${formatNumber(limit)}+` : formatNumber(count);

/** The views of a list that the user has saved, with how many rows each has. They are stored on the server. */
export function SavedViews({ list, keys, values, onChange, count }: Props) {
  const queryClient = useQueryClient();
  const viewsKey = ['saved-views', list];
  const views = useQuery({ queryKey: viewsKey, queryFn: () => listSavedViews(list), staleTime: Infinity });
  const items = views.data ?? [];
  const counts = useQueries({
    queries: items.map((view) => ({
      queryKey: [list, 'view-count', view.parameters],
      queryFn: ({ signal }: { signal: AbortSignal }) => count?.(view.parameters, signal) ?? null,
      enabled: count !== undefined,
      staleTime: 15_000,
      refetchInterval: 60_000,
    })),
  });
  const reload = (): Promise<void> => queryClient.invalidateQueries({ queryKey: viewsKey });
  const remove = useMutation({ mutationFn: (view: SavedView) => deleteView(list, view.name), onSuccess: reload });
  const parameters = Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
  const apply = (next: Values): void => onChange({ ...Object.fromEntries(keys.map((key) => [key, undefined])), ...next });
  const active = items.find((view) => sameParameters(keys, view.parameters, values));
  const isAll = Object.keys(parameters).length === 0;
  if (items.length === 0 && isAll) return null;

  return (
    <nav className="views" aria-label="Saved views">
      <button type="button" className="view" aria-current={isAll ? 'true' : undefined} onClick={() => apply({})}>
        All
      </button>
      {items.map((view, index) => (
        <span className="view-item" key={view.name}>
          <button type="button" className="view" aria-current={view === active ? 'true' : undefined} onClick={() => apply(view.parameters)}>
            {view.name} {counts[index]?.data && <span className="view-count">{countText(counts[index].data)}</span>}
          </button>
          {view === active && (
            <button type="button" className="view-close" aria-label={`Delete view ${view.name}`} onClick={() => remove.mutate(view)}>
              <CloseOutlined />
            </button>
          )}
        </span>
      ))}
      {!isAll && !active && <SaveView list={list} parameters={parameters} onSaved={reload} />}
      {remove.error && <ProblemNotice compact error={remove.error} />}
    </nav>
  );
}

function SaveView({ list, parameters, onSaved }: { list: string; parameters: Record<string, string>; onSaved: () => Promise<void> }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const save = useMutation({
    mutationFn: () => saveView({ list, name: name.trim(), parameters }),
    onSuccess: async () => {
      setOpen(false);
      setName('');
      await onSaved();
    },
  });
  return (
    <FocusPopover
      open={open}
      onOpenChange={setOpen}
      placement="bottomLeft"
      content={
        <form
          className="value-editor"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== '') save.mutate();
          }}
        >
          <label>
            Name of the view
            <Input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
          </label>
          <Button type="primary" htmlType="submit" loading={save.isPending}>
            Save
          </Button>
          {save.error && <ProblemNotice compact error={save.error} />}
        </form>
      }
    >
      <Button type="link" size="small" icon={<PlusOutlined />}>
        Save view
      </Button>
    </FocusPopover>
  );
}
