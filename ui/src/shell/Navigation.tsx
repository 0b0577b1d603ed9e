import { LeftOutlined, RightOutlined } from '@kit/icons';
import { formatNumber } from '@kit/format';
import { Tooltip } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { areaOf, entryOf, navigationGroups, hasPermission, type NavigationArea, type PageLink } from './navigationItems';
import type { NavigationBadge } from './useAttention';

interface Props {
  permissions: readonly string[];
  collapsed: boolean;
  badges: ReadonlyMap<string, NavigationBadge>;
  onToggle?: () => void;
  onNavigate?: () => void;
}

const AREAS_STORAGE_KEY = 'openiom.navigation.areas';

/** Which areas the user has opened and closed, by title. */
function storedAreas(): Record<string, boolean> {
  try {
    return JSON.parse(localStorage.getItem(AREAS_STORAGE_KEY) ?? '{}') as Record<string, boolean>;
  } catch {
    return {};
  }
}

/** The areas that are open, remembered on the device. The area of the current page is opened when the user gets there. */
function useOpenAreas(current: NavigationArea | undefined): [(area: NavigationArea) => boolean, (area: NavigationArea) => void] {
  const [chosen, setChosen] = useState(storedAreas);
  const [visited, setVisited] = useState<string>();
  const store = (next: Record<string, boolean>): void => {
    localStorage.setItem(AREAS_STORAGE_KEY, JSON.stringify(next));
    setChosen(next);
  };
  const isOpen = (area: NavigationArea): boolean => chosen[area.title] ?? area.openByDefault;
  if (current && visited !== current.title) {
    setVisited(current.title);
    if (!isOpen(current)) setChosen({ ...chosen, [current.title]: true });
  }
  return [isOpen, (area) => store({ ...chosen, [area.title]: !isOpen(area) })];
}

/** The main navigation: areas with their pages and what needs attention there. When collapsed, it shows icons with tooltips. */
export function Navigation({ permissions, collapsed, badges, onToggle, onNavigate }: Props) {
  const { pathname } = useLocation();
  const active = entryOf(pathname)?.path;
  const list = useRef<HTMLDivElement>(null);
  const [isOpen, toggle] = useOpenAreas(areaOf(pathname));
  useEffect(() => {
    list.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest' });
  }, [pathname, collapsed]);

  const visibleAreas = navigationGroups
    .map((area) => ({ ...area, pages: area.pages.filter((page) => hasPermission(permissions, page.permission)) }))
    .filter((area) => area.pages.length > 0);
  return (
    <nav className="nav" aria-label="Areas">
      <Link to="/" className="brand" aria-label="OpenIOM, start page" onClick={onNavigate}>
        <img src="/mark.svg" alt="" />
        <span>OpenIOM</span>
      </Link>
      <div className="nav-areas" ref={list}>
        {visibleAreas.map((area) => {
          const open = isOpen(area);
          const count = open ? 0 : countOf(area.pages, badges);
          return (
            <div className="nav-area" key={area.title} data-open={open}>
              <h2>
                <button type="button" className="nav-area-title" aria-expanded={open} onClick={() => toggle(area)}>
                  <RightOutlined className="nav-arrow" aria-hidden="true" />
                  <span>{area.title}</span>
                  {count > 0 && <b className="count">{formatNumber(count)}</b>}
                </button>
              </h2>
              {open &&
                area.pages.map((page) => (
                  <PageEntry
                    key={page.path}
                    page={page}
                    isActive={page.path === active}
                    collapsed={collapsed}
                    badge={badges.get(page.path)}
                    onNavigate={onNavigate}
                  />
                ))}
            </div>
          );
        })}
      </div>
      {onToggle && (
        <div className="nav-foot">
          <button
            type="button"
            className="nav-link fold"
            onClick={onToggle}
            aria-expanded={!collapsed}
            aria-label={collapsed ? 'Expand navigation' : 'Collapse navigation'}
          >
            {collapsed ? <RightOutlined /> : <LeftOutlined />}
            <span>Collapse</span>
          </button>
        </div>
      )}
    </nav>
  );
}

function PageEntry({
  page,
  isActive,
  collapsed,
  badge,
  onNavigate,
}: {
  page: PageLink;
  isActive: boolean;
  collapsed: boolean;
  badge: NavigationBadge | undefined;
  onNavigate: (() => void) | undefined;
}) {
  const says = badge && `${countText(badge)} ${badge.says}`;
  const tooltip = [collapsed && page.title, says].filter(Boolean).join(', ');
  return (
    <Tooltip title={tooltip} placement="right">
      <Link
        to={page.path}
        className={isActive ? 'nav-link active' : 'nav-link'}
        aria-current={isActive ? 'page' : undefined}
        onClick={onNavigate}
        aria-label={badge ? undefined : page.title}
      >
        {page.icon}
        <span>{page.title}</span>
        {badge && <b className="count">{countText(badge)}</b>}
      </Link>
    </Tooltip>
  );
}

/** The sum of the numbers of the pages of an area. */
function countOf(pages: readonly PageLink[], badges: ReadonlyMap<string, NavigationBadge>): number {
  const counts = pages.map((page) => badges.get(page.path)?.count ?? 0);
  return counts.reduce((total, count) => total + count, 0);
}

const countText = ({ count, isCapped }: NavigationBadge): string => `${formatNumber(count)}${isCapped ? '+' : ''}`;
