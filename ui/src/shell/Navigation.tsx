import { LeftOutlined, RightOutlined } from '@kit/icons';
import { Tooltip } from 'antd';
import { Link, NavLink } from 'react-router';
import { allPages, navigationGroups, hasPermission } from './navigationItems';

interface Props {
  permissions: readonly string[];
  collapsed: boolean;
  onToggle?: () => void;
  onNavigate?: () => void;
}

/** The main navigation. When collapsed, it shows icons with tooltips. */
export function Navigation({ permissions, collapsed, onToggle, onNavigate }: Props) {
  const visibleGroups = navigationGroups
    .map((area) => ({ ...area, pages: area.pages.filter((page) => hasPermission(permissions, page.permission)) }))
    .filter((area) => area.pages.length > 0);
  return (
    <nav className="nav" aria-label="Areas">
      <Link to="/" className="brand" aria-label="OpenIOM, start page" onClick={onNavigate}>
        <img src="/mark.svg" alt="" />
        <span>OpenIOM</span>
      </Link>
      <div className="nav-areas">
        {visibleGroups.map((area) => (
          <div className="nav-area" key={area.title}>
            <h2>{area.title}</h2>
            {area.pages.map((page) => (
              <Tooltip key={page.path} title={collapsed ? page.title : ''} placement="right">
                <NavLink
                  to={page.path}
                  end={allPages.some((other) => other.path.startsWith(`${page.path}/`))}
                  className="nav-link"
                  onClick={onNavigate}
                  aria-label={page.title}
                >
                  {page.icon}
                  <span>{page.title}</span>
                </NavLink>
              </Tooltip>
            ))}
          </div>
        ))}
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
