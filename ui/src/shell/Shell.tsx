import { closeLive, openLive } from '@client/live';
import { type SessionInfo, sessionKey, signOut } from '@client/session';
import { useQueryClient } from '@tanstack/react-query';
import { Drawer, Skeleton } from 'antd';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Outlet, useLocation } from 'react-router';
import { Navigation } from './Navigation';
import { TopBar } from './TopBar';

const Palette = lazy(() => import('./CommandPalette'));
const FOLDED = 'openiom.navigation';

/** What stands around every page. */
export function Shell({ session }: { session: SessionInfo }) {
  const [folded, setFolded] = useState(() => localStorage.getItem(FOLDED) === 'folded');
  const [drawer, setDrawer] = useState(false);
  const [finding, setFinding] = useState(false);
  const queries = useQueryClient();
  const { pathname } = useLocation();

  useEffect(() => {
    openLive();
    return closeLive;
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setFinding((open) => !open);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  const fold = (): void => {
    localStorage.setItem(FOLDED, folded ? 'open' : 'folded');
    setFolded(!folded);
  };
  const leave = async (): Promise<void> => {
    await signOut().catch(() => undefined);
    // The session's own entry must stay: Root watches it, and would never hear of a new one.
    queries.setQueryData(sessionKey, null);
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
  };

  return (
    <div className="shell" data-folded={folded}>
      <a href="#content" className="skip">
        Skip to content
      </a>
      <Navigation permissions={session.permissions} folded={folded} onFold={fold} />
      <TopBar session={session} onFind={() => setFinding(true)} onMenu={() => setDrawer(true)} onSignOut={() => void leave()} />
      <main className="content" id="content" tabIndex={-1} key={pathname.split('/')[1]}>
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
      <Drawer
        open={drawer}
        placement="left"
        onClose={() => setDrawer(false)}
        size={260}
        closable={false}
        styles={{ body: { padding: 0, display: 'grid' } }}
      >
        <Navigation permissions={session.permissions} folded={false} onGo={() => setDrawer(false)} />
      </Drawer>
      {finding && (
        <Suspense fallback={null}>
          <Palette permissions={session.permissions} onClose={() => setFinding(false)} />
        </Suspense>
      )}
    </div>
  );
}

function PageSkeleton() {
  return (
    <div className="page" aria-busy="true" aria-label="Loading page">
      <Skeleton.Input active />
      <Skeleton active paragraph={{ rows: 8 }} title={false} />
    </div>
  );
}
