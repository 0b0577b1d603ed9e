import { SearchOutlined } from '@kit/icons';
import { search } from '@client/session';
import { ProblemNotice } from '@kit/feedback';
import { humanize } from '@vocabulary';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Modal } from 'antd';
import { type KeyboardEvent, useDeferredValue, useState } from 'react';
import { useNavigate } from 'react-router';
import { allPages, hasPermission } from './navigationItems';

interface Entry {
  kind: string;
  label: string;
  detail: string;
  path: string;
}

/** Search for orders, products, customers, flows and pages. Arrow keys select, Enter opens. */
export default function CommandPalette({ permissions, onClose }: { permissions: readonly string[]; onClose: () => void }) {
  const [text, setText] = useState('');
  const [activeIndex, setActiveIndex] = useState(0);
  const navigate = useNavigate();
  const query = useDeferredValue(text.trim());
  const hits = useQuery({
    queryKey: ['search', query],
    queryFn: ({ signal }) => search(query, signal),
    enabled: query.length > 1,
    placeholderData: keepPreviousData,
  });

  const searchText = query.toLowerCase();
  const pages: Entry[] = allPages
    .filter((page) => hasPermission(permissions, page.permission))
    .filter((page) => `${page.title} ${page.keywords}`.toLowerCase().includes(searchText))
    .map((page) => ({ kind: 'page', label: page.title, detail: '', path: page.path }));
  const data: Entry[] = query.length > 1 ? (hits.data ?? []) : [];
  const entries = [...data, ...pages];
  const activePosition = Math.min(activeIndex, Math.max(entries.length - 1, 0));

  const openEntry = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    void navigate(entry.path);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setActiveIndex((activePosition + step + entries.length) % Math.max(entries.length, 1));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      openEntry(entries[activePosition]);
    }
  };

  return (
    <Modal
      open
      footer={null}
      closable={false}
      onCancel={onClose}
      width={620}
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
          aria-label="Find an order, product, customer, flow or page"
          placeholder="Order number, product, customer, flow or page"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActiveIndex(0);
          }}
          onKeyDown={onKey}
        />
      </div>
      <div className="palette-list" role="listbox" id="palette-list" aria-label="Found">
        {hits.error && query.length > 1 && <ProblemNotice compact error={hits.error} />}
        {entries.map((entry, index) => (
          <div
            key={`${entry.kind} ${entry.path} ${entry.label}`}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === activePosition}
            tabIndex={-1}
            onMouseMove={() => setActiveIndex(index)}
            onClick={() => openEntry(entry)}
          >
            <span>{entry.label}</span>
            <span className="muted small">{entry.detail}</span>
            <span className="kind">{humanize(entry.kind)}</span>
          </div>
        ))}
        {entries.length === 0 && (
          <p className="muted" style={{ padding: 16 }}>
            {hits.isFetching ? 'Searching…' : `Nothing found for “${query}”. Try an order number, a product or a customer name.`}
          </p>
        )}
      </div>
      <div className="palette-foot">
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> choose
        </span>
        <span>
          <kbd>Enter</kbd> open
        </span>
        <span>
          <kbd>Esc</kbd> close
        </span>
      </div>
    </Modal>
  );
}
