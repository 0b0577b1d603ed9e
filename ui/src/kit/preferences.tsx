import { App, ConfigProvider, theme } from 'antd';
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { antTheme, type Density, type Mode, paintDocument } from './tokens';

interface Preferences {
  mode: Mode;
  density: Density;
  setMode: (mode: Mode) => void;
  setDensity: (density: Density) => void;
}

const PreferencesContext = createContext<Preferences | null>(null);
const MODE = 'openiom.mode';
const DENSITY = 'openiom.density';

const prefers = (what: string): boolean => typeof window.matchMedia === 'function' && window.matchMedia(what).matches;

function storedMode(): Mode {
  const stored = localStorage.getItem(MODE);
  if (stored === 'light' || stored === 'dark') return stored;
  return prefers('(prefers-color-scheme: dark)') ? 'dark' : 'light';
}

/** Theme and density, remembered on this device; paints before the first picture so that nothing flashes. */
export function PreferencesRoot({ children }: { children: ReactNode }) {
  const [mode, setMode] = useState<Mode>(() => {
    const first = storedMode();
    paintDocument(first, localStorage.getItem(DENSITY) === 'compact' ? 'compact' : 'comfortable');
    return first;
  });
  const [density, setDensity] = useState<Density>(() => (localStorage.getItem(DENSITY) === 'compact' ? 'compact' : 'comfortable'));

  useEffect(() => {
    paintDocument(mode, density);
  }, [mode, density]);

  const value = useMemo<Preferences>(
    () => ({
      mode,
      density,
      setMode: (next) => {
        localStorage.setItem(MODE, next);
        setMode(next);
      },
      setDensity: (next) => {
        localStorage.setItem(DENSITY, next);
        setDensity(next);
      },
    }),
    [mode, density],
  );
  const antd = useMemo(() => {
    const { token, components } = antTheme(mode, density);
    // Cut short by our style sheet, an opening menu would be measured while it is still off the screen.
    const motion = !prefers('(prefers-reduced-motion: reduce)');
    return { token: { ...token, motion }, components, algorithm: mode === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm };
  }, [mode, density]);
  return (
    <PreferencesContext value={value}>
      <ConfigProvider theme={antd} wave={{ disabled: true }}>
        <App>{children}</App>
      </ConfigProvider>
    </PreferencesContext>
  );
}

export function usePreferences(): Preferences {
  const found = use(PreferencesContext);
  if (!found) throw new Error('usePreferences needs PreferencesRoot above it');
  return found;
}
