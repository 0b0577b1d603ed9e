import {
  ColumnHeightOutlined,
  LogoutOutlined,
  MenuOutlined,
  MoonOutlined,
  PlayCircleOutlined,
  SearchOutlined,
  SunOutlined,
  VerticalAlignMiddleOutlined,
} from '@kit/icons';
import { useLiveState } from '@client/live';
import type { SessionInfo } from '@client/session';
import { useBulkRuns } from '@kit/list/bulkRuns';
import { usePreferences } from '@kit/preferences';
import { Button, Dropdown, Tooltip } from 'antd';
import { lazy, Suspense } from 'react';

const BulkRunChips = lazy(() => import('@kit/list/BulkRunChips'));

interface Props {
  session: SessionInfo;
  /** The panel of the demo, while one runs. */
  demo?: { open: boolean; onToggle: () => void } | undefined;
  onSearch: () => void;
  onOpenMenu: () => void;
  onSignOut: () => void;
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((part) => part.charAt(0))
    .slice(0, 2)
    .join('')
    .toUpperCase();

export function TopBar({ session, demo, onSearch, onOpenMenu, onSignOut }: Props) {
  const { mode, density, setMode, setDensity } = usePreferences();
  const hasRuns = useBulkRuns().some((run) => run.inBackground);
  const isDark = mode === 'dark';
  const isCompact = density === 'compact';
  const modeLabel = isDark ? 'Switch to light' : 'Switch to dark';
  const densityLabel = isCompact ? 'Switch to comfortable rows' : 'Switch to compact rows';
  return (
    <header className="top">
      <Button type="text" className="menu-button" icon={<MenuOutlined />} aria-label="Open navigation" onClick={onOpenMenu} />
      <button type="button" className="top-search" onClick={onSearch} aria-keyshortcuts="Control+K">
        <SearchOutlined aria-hidden="true" />
        <span className="text">Search or run an action…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className="top-space" />
      {hasRuns && (
        <Suspense fallback={null}>
          <BulkRunChips />
        </Suspense>
      )}
      <LiveIndicator />
      {demo && (
        <Button
          id="demo-button"
          className="demo-button"
          icon={<PlayCircleOutlined />}
          aria-expanded={demo.open}
          aria-controls={demo.open ? 'demo-panel' : undefined}
          aria-label="Demo"
          onClick={demo.onToggle}
        >
          <span>Demo</span>
        </Button>
      )}
      <span className="environment">{session.environment}</span>
      <Tooltip title={densityLabel}>
        <Button
          className="hide-narrow"
          type="text"
          aria-label={densityLabel}
          icon={isCompact ? <ColumnHeightOutlined /> : <VerticalAlignMiddleOutlined />}
          onClick={() => setDensity(isCompact ? 'comfortable' : 'compact')}
        />
      </Tooltip>
      <Tooltip title={modeLabel}>
        <Button
          type="text"
          aria-label={modeLabel}
          icon={isDark ? <SunOutlined /> : <MoonOutlined />}
          onClick={() => setMode(isDark ? 'light' : 'dark')}
        />
      </Tooltip>
      <Dropdown
        trigger={['click']}
        menu={{
          items: [
            {
              key: 'who',
              disabled: true,
              label: (
                <span className="two-line">
                  <strong>{session.name}</strong>
                  <span className="muted">{session.email}</span>
                </span>
              ),
            },
            { type: 'divider' },
            { key: 'out', icon: <LogoutOutlined />, label: 'Sign out', onClick: onSignOut },
          ],
        }}
      >
        <button type="button" className="user-button" aria-label={`${initials(session.name)}, account of ${session.name}`}>
          <span className="avatar" aria-hidden="true">
            {initials(session.name)}
          </span>
        </button>
      </Dropdown>
    </header>
  );
}

const liveStates = {
  live: { tone: 'done', word: 'Live', says: 'The page updates as changes happen' },
  connecting: { tone: 'neutral', word: 'Connecting', says: 'Connecting to live updates' },
  lost: {
    tone: 'attention',
    word: 'Not live',
    says: 'Live updates are interrupted and will resume on their own. Reload the page to see the latest data.',
  },
} as const;

function LiveIndicator() {
  const { tone, word, says } = liveStates[useLiveState()];
  return (
    <Tooltip title={says}>
      <span className="live" data-tone={tone} role="status">
        <i aria-hidden="true" />
        <span>{word}</span>
      </span>
    </Tooltip>
  );
}
