import { ConfigProvider, theme } from 'antd';
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { antTheme, type Density, type Mode, paintDocument } from './tokens';

interface Preferences {
  mode: Mode;
  density: Density;
  setMode: (mode: Mode) => void;
  setDensity: (density: Density) => void;
}

const PreferencesContext = createContext<Preferences | null>(null);
const MODE_STORAGE_KEY = 'openiom.mode';
const DENSITY_STORAGE_KEY = 'openiom.density';

const matchesMedia = (what: string): boolean => typeof window.matchMedia === 'function' && window.matchMedia(what).matches;

function storedMode(): Mode {
  const stored = localStorage.getItem(MODE_STORAGE_KEY);
  if (stored === 'light' || stored === 'dark') return stored;
  return matchesMedia('(prefers-color-scheme: dark)') ? 'dark' : 'light';
}

/** Theme and density, stored on this device and applied before the first render. */
export function PreferencesRoot({ children }: { children: ReactNode }) {
  const [mode, setMode] = useState<Mode>(() => {
    const initialMode = storedMode();
    paintDocument(initialMode, localStorage.getItem(DENSITY_STORAGE_KEY) === 'compact' ? 'compact' : 'comfortable');
    return initialMode;
  });
  const [density, setDensity] = useState<Density>(() =>
    localStorage.getItem(DENSITY_STORAGE_KEY) === 'compact' ? 'compact' : 'comfortable',
  );

  useEffect(() => {
    paintDocument(mode, density);
  }, [mode, density]);

  const value = useMemo<Preferences>(
    () => ({
      mode,
      density,
      setMode: (next) => {
        localStorage.setItem(MODE_STORAGE_KEY, next);
        setMode(next);
      },
      setDensity: (next) => {
        localStorage.setItem(DENSITY_STORAGE_KEY, next);
        setDensity(next);
      },
    }),
    [mode, density],
  );
  const antd = useMemo(() => {
    const { token, components } = antTheme(mode, density);
    // Without motion, menus must open at once: Ant Design would measure them off screen.
    const motion = !matchesMedia('(prefers-reduced-motion: reduce)');
    return { token: { ...token, motion }, components, algorithm: mode === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm };
  }, [mode, density]);
  return (
    <PreferencesContext value={value}>
      <ConfigProvider theme={antd} wave={{ disabled: true }}>
        {children}
      </ConfigProvider>
    </PreferencesContext>
  );
}

export function usePreferences(): Preferences {
  const preferences = use(PreferencesContext);
  if (!preferences) throw new Error('usePreferences needs PreferencesRoot above it');
  return preferences;
}
