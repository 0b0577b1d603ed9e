import { SearchOutlined } from '@kit/icons';
import { search } from '@client/session';
import { ProblemNotice } from '@kit/feedback';
import { ActionDialog } from '@kit/list';
import { useSettled } from '@kit/useSettled';
import { humanize } from '@vocabulary';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { Modal } from 'antd';
import { type KeyboardEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { hasPermission, navigationGroups } from './navigationItems';
import { type Command, useCommands } from './useCommands';

interface Entry {
  kind: string;
  label: string;
  detail: string;
  path?: string;
  command?: Command;
}

interface Props {
  permissions: readonly string[];
  onSignOut: () => void;
  onShortcuts: () => void;
  onClose: () => void;
}

const SEARCH_DELAY = 150;
const groupTitles: Record<string, string> = {
  order: 'Orders by number',
  customer: 'Orders by customer',
  email: 'Orders by email',
  phone: 'Orders by phone number',
  city: 'Orders by city',
  fulfillment_order: 'Fulfillment orders',
  warehouse_reference: 'Fulfillment orders by warehouse reference',
  tracking_number: 'Fulfillment orders by tracking number',
  return: 'Returns',
  parked: 'Parked messages',
  product: 'Products',
  flow: 'Flows',
  source: 'Sources',
  page: 'Pages',
  command: 'Actions',
};

const contains = (text: string, words: string): boolean => words.split(/\s+/).every((word) => text.toLowerCase().includes(word));

/** Pages and commands that match, and a search of the list of orders. */
function localEntries(words: string, permissions: readonly string[], commands: readonly Command[]): Entry[] {
  const pages = navigationGroups.flatMap((area) =>
    area.pages
      .filter((page) => hasPermission(permissions, page.permission) && contains(`${page.title} ${area.title} ${page.keywords}`, words))
      .map((page) => ({ kind: 'page', label: page.title, detail: area.title, path: page.path })),
  );
  const matching = commands
    .filter((command) => contains(`${command.label} ${command.keywords}`, words))
    .map((command) => ({ kind: 'command', label: command.label, detail: command.detail, path: command.path, command }));
  const isOnOrder = (entry: Entry): boolean => entry.command?.order !== undefined;
  return [...matching.filter(isOnOrder), ...pages, ...matching.filter((entry) => !isOnOrder(entry))];
}

/** The lists of the orders with the products that were found. */
const ordersOf = (found: readonly Entry[]): Entry[] =>
  found
    .filter((entry) => entry.kind === 'product')
    .map(({ label, detail }) => ({
      kind: 'page',
      label: `Orders with ${label}`,
      detail,
      path: `/orders?product=${encodeURIComponent(label)}`,
    }));

/** Search for records by what identifies them, open pages and run actions. Arrow keys choose, Enter opens or runs. */
export default function CommandPalette({ permissions, onSignOut, onShortcuts, onClose }: Props) {
  const [text, setText] = useState('');
  const [activeIndex, setActiveIndex] = useState(0);
  const [confirmed, setConfirmed] = useState<Command['order']>();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const commands = useCommands(permissions, { onSignOut, onShortcuts });
  const typed = text.trim();
  const query = useSettled(typed, SEARCH_DELAY);
  const hits = useQuery({
    queryKey: ['search', query],
    queryFn: ({ signal }) => search(query, signal),
    enabled: query.length > 1,
    placeholderData: keepPreviousData,
  });
  const found: Entry[] = typed.length > 1 && query.length > 1 ? (hits.data ?? []) : [];
  const all: Entry[] =
    found.length > 0 && hasPermission(permissions, 'orders.read')
      ? [
          { kind: 'page', label: `All orders with “${typed}”`, detail: '', path: `/orders?search=${encodeURIComponent(typed)}` },
          ...ordersOf(found),
        ]
      : [];
  const entries = [...found, ...all, ...localEntries(typed.toLowerCase(), permissions, commands)];
  const activePosition = Math.min(activeIndex, Math.max(entries.length - 1, 0));

  const open = (entry: Entry | undefined): void => {
    if (!entry || entry.command?.disabled === true) return;
    if (entry.command?.order) {
      setConfirmed(entry.command.order);
      return;
    }
    onClose();
    if (entry.path === undefined) {
      entry.command?.run?.();
      return;
    }
    void navigate(entry.path);
    // What was found is what the keyboard continues with, not the search box.
    setTimeout(() => document.getElementById('content')?.focus({ preventScroll: true }), 0);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const next = (activePosition + step + entries.length) % Math.max(entries.length, 1);
      setActiveIndex(next);
      document.getElementById(`palette-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(entries[activePosition]);
    }
  };

  if (confirmed) {
    const { order, action } = confirmed;
    return (
      <ActionDialog
        action={action}
        selectedRows={[{ id: order.id, label: order.number }]}
        noun={['order', 'orders']}
        onClose={onClose}
        onDone={() =>
          void Promise.all([
            queryClient.invalidateQueries({ queryKey: ['order', order.id] }),
            queryClient.invalidateQueries({ queryKey: ['orders'] }),
          ])
        }
      />
    );
  }
  return (
    <Modal
      open
      footer={null}
      closable={false}
      onCancel={onClose}
      width={660}
      style={{ top: 90 }}
      title={<span className="visually-hidden">Find anything</span>}
      styles={{ header: { margin: 0 } }}
    >
      <div className="palette-input">
        <SearchOutlined aria-hidden="true" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={entries.length > 0 ? `palette-${activePosition}` : undefined}
          aria-label="Find a record or a page, or run an action"
          placeholder="Number, name, email, city, phone, tracking, SKU, page or action"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActiveIndex(0);
          }}
          onKeyDown={onKey}
        />
      </div>
      {hits.error && query.length > 1 && <ProblemNotice compact error={hits.error} />}
      <Results entries={entries} activePosition={activePosition} onActivate={setActiveIndex} onOpen={open} />
      {entries.length === 0 && (
        <p className="muted" style={{ padding: 16 }} role="status">
          {hits.isFetching || query !== typed
            ? 'Searching…'
            : `Nothing found for “${typed}”. Try part of an order number, a last name, an email, a city or a SKU.`}
        </p>
      )}
      <div className="palette-foot">
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> choose
        </span>
        <span>
          <kbd>Enter</kbd> open or run
        </span>
        <span>
          <kbd>Esc</kbd> close
        </span>
      </div>
    </Modal>
  );
}

interface ResultsProps {
  entries: readonly Entry[];
  activePosition: number;
  onActivate: (index: number) => void;
  onOpen: (entry: Entry) => void;
}

/** The entries, under a heading for what they were found by. */
function Results({ entries, activePosition, onActivate, onOpen }: ResultsProps) {
  const groups: { kind: string; entries: { entry: Entry; index: number }[] }[] = [];
  entries.forEach((entry, index) => {
    const last = groups.at(-1);
    if (last?.kind === entry.kind) last.entries.push({ entry, index });
    else groups.push({ kind: entry.kind, entries: [{ entry, index }] });
  });
  return (
    <div className="palette-list" role="listbox" id="palette-list" aria-label="Found">
      {groups.map((group) => {
        const title = groupTitles[group.kind] ?? humanize(group.kind);
        const first = group.entries[0]?.index ?? 0;
        return (
          <div key={first} role="group" aria-labelledby={`palette-group-${first}`}>
            <div className="group" id={`palette-group-${first}`} role="presentation">
              {title}
            </div>
            {group.entries.map(({ entry, index }) => (
              <div
                key={index}
                id={`palette-${index}`}
                role="option"
                aria-selected={index === activePosition}
                aria-disabled={entry.command?.disabled === true ? 'true' : undefined}
                tabIndex={-1}
                onMouseMove={() => onActivate(index)}
                onClick={() => onOpen(entry)}
              >
                <span>{entry.label}</span>
                <span className="muted small clip-detail">{entry.detail}</span>
              </div>
            ))}
          </div>
        );
      })}
    </div>
  );
}
