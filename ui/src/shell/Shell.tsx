import { isDemoRunning } from '@client/demo';
import { closeLive, openLive, useLiveResumed } from '@client/live';
import { type SessionInfo, sessionKey, signOut } from '@client/session';
import { useQueryClient } from '@tanstack/react-query';
import { Drawer, Skeleton } from 'antd';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { Outlet, useLocation } from 'react-router';
import { shortcutKey } from '@kit/shortcuts';
import { useFocusReturn } from '@kit/useFocusReturn';
import { AreaContext } from '@kit/breadcrumbs';
import { NoAccess } from '@kit/feedback';
import { Page } from '@kit/layout';
import { Navigation } from './Navigation';
import { areaOf, entryOf, hasPermission } from './navigationItems';
import { OutageBanner } from './OutageBanner';
import { SignInDialog } from './SignInDialog';
import { TopBar } from './TopBar';
import { badgesOf, useAttention } from './useAttention';

const loadPalette = () => import('./CommandPalette');
const Palette = lazy(loadPalette);
const Shortcuts = lazy(() => import('./ShortcutsDialog'));
// Loaded while a demo runs only.
const DemoPanel = lazy(() => import('@features/demo/DemoPanel'));
const NAVIGATION_STORAGE_KEY = 'openiom.navigation';
/** When the palette is loaded, so that what is typed at once after it was opened is not lost. */
const LOAD_PALETTE_AFTER_MS = 1_500;
const DEMO_STORAGE_KEY = 'openiom.demo';

/** Whether the panel of the demo is open, remembered on the device; undefined until the user has decided. */
function useDemoPanel(): [boolean | undefined, (open: boolean) => void] {
  const [open, setOpen] = useState(() => {
    const stored = localStorage.getItem(DEMO_STORAGE_KEY);
    return stored === null ? undefined : stored === 'open';
  });
  const store = useCallback((next: boolean) => {
    localStorage.setItem(DEMO_STORAGE_KEY, next ? 'open' : 'closed');
    setOpen(next);
  }, []);
  return [open, store];
}

/** Layout of all pages: navigation, top bar, content. */
export function Shell({ session }: { session: SessionInfo }) {
  const [collapsed, setCollapsed] = useState(() => localStorage.getItem(NAVIGATION_STORAGE_KEY) === 'folded');
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [shortcutsOpen, setShortcutsOpen] = useState(false);
  const isDemo = isDemoRunning(session);
  const [demoOpen, setDemoOpen] = useDemoPanel();
  const openDemo = useCallback(() => setDemoOpen(true), [setDemoOpen]);
  const queryClient = useQueryClient();
  const { pathname } = useLocation();
  const entry = entryOf(pathname);
  const attention = useAttention();
  const badges = badgesOf(attention);

  useEffect(() => {
    openLive();
    return closeLive;
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => void loadPalette(), LOAD_PALETTE_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  useFocusReturn();
  useLiveResumed(() => void queryClient.invalidateQueries());

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPaletteOpen((open) => !open);
      } else if (shortcutKey(event) === '?') {
        event.preventDefault();
        setShortcutsOpen(true);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  useEffect(() => {
    // The control that led here may be gone with its page.
    if (document.activeElement === document.body) document.getElementById('content')?.focus({ preventScroll: true });
  }, [pathname]);

  const toggleNavigation = (): void => {
    localStorage.setItem(NAVIGATION_STORAGE_KEY, collapsed ? 'open' : 'folded');
    setCollapsed(!collapsed);
  };
  const closeDemo = (): void => {
    setDemoOpen(false);
    document.getElementById('demo-button')?.focus();
  };
  const handleSignOut = async (): Promise<void> => {
    await signOut().catch(() => undefined);
    // Drafts belong to the user who entered them.
    sessionStorage.clear();
    // Keep the session query, which Root observes.
    queryClient.setQueryData(sessionKey, null);
    queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
  };

  return (
    <div className="shell" data-folded={collapsed} data-demo={isDemo && demoOpen === true}>
      <a href="#content" className="skip">
        Skip to content
      </a>
      <Navigation permissions={session.permissions} collapsed={collapsed} badges={badges} onToggle={toggleNavigation} />
      <TopBar
        session={session}
        demo={isDemo ? { open: demoOpen === true, onToggle: () => setDemoOpen(demoOpen !== true) } : undefined}
        onSearch={() => setPaletteOpen(true)}
        onOpenMenu={() => setMenuOpen(true)}
        onSignOut={() => void handleSignOut()}
      />
      <OutageBanner
        outages={attention?.outages ?? []}
        limit={attention?.limit ?? Infinity}
        mayOpenProviders={hasPermission(session.permissions, 'providers.read')}
      />
      <main className="content" id="content" tabIndex={-1} key={pathname.split('/')[1]}>
        <AreaContext value={areaOf(pathname)?.title}>
          <Suspense fallback={<PageSkeleton />}>
            {entry && !hasPermission(session.permissions, entry.permission) ? (
              <Page title={entry.title}>
                <NoAccess remedy={entry.permission} />
              </Page>
            ) : (
              <Outlet />
            )}
          </Suspense>
        </AreaContext>
      </main>
      {isDemo && (
        <Suspense fallback={null}>
          <DemoPanel email={session.email} open={demoOpen} onOpen={openDemo} onClose={closeDemo} />
        </Suspense>
      )}
      <Drawer
        open={menuOpen}
        placement="left"
        onClose={() => setMenuOpen(false)}
        size={290}
        closable={false}
        styles={{ body: { padding: 0, display: 'grid' } }}
      >
        <Navigation permissions={session.permissions} collapsed={false} badges={badges} onNavigate={() => setMenuOpen(false)} />
      </Drawer>
      {paletteOpen && (
        <Suspense fallback={null}>
          <Palette
            permissions={session.permissions}
            onSignOut={() => void handleSignOut()}
            onShortcuts={() => setShortcutsOpen(true)}
            onClose={() => setPaletteOpen(false)}
          />
        </Suspense>
      )}
      <SignInDialog session={session} />
      {shortcutsOpen && (
        <Suspense fallback={null}>
          <Shortcuts onClose={() => setShortcutsOpen(false)} />
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
