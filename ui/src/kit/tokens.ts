import type { ThemeConfig } from 'antd';

export type Mode = 'light' | 'dark';
export type Density = 'comfortable' | 'compact';
/** Semantic color of a state. States always have the same tone, shown with an icon and a label. */
export type Tone = 'neutral' | 'attention' | 'progress' | 'moving' | 'done' | 'ended' | 'failed';

interface Palette {
  accent: string;
  accentText: string;
  accentSoft: string;
  canvas: string;
  surface: string;
  raised: string;
  line: string;
  lineSoft: string;
  text: string;
  muted: string;
  hover: string;
  land: string;
  water: string;
  border: string;
  tones: Record<Tone, { fg: string; bg: string; mark: string }>;
}

export const palettes: Record<Mode, Palette> = {
  light: {
    accent: '#0b6b74',
    accentText: '#0b6b74',
    accentSoft: '#e3f1f2',
    canvas: '#f5f6f8',
    surface: '#ffffff',
    raised: '#ffffff',
    line: '#dfe3e8',
    lineSoft: '#eceff2',
    text: '#1a2129',
    muted: '#5a6572',
    hover: '#f3f5f7',
    land: '#dfe5ea',
    water: '#f6f8fa',
    border: '#b9c3cd',
    tones: {
      neutral: { fg: '#46525f', bg: '#edf0f3', mark: '#8794a3' },
      attention: { fg: '#854700', bg: '#fdf1d8', mark: '#c77700' },
      progress: { fg: '#1a50a8', bg: '#e6effc', mark: '#2f6fd6' },
      moving: { fg: '#5636b0', bg: '#eee9fc', mark: '#7a5ad6' },
      done: { fg: '#17603a', bg: '#e1f4e8', mark: '#27935a' },
      ended: { fg: '#5b6470', bg: '#f0f1f3', mark: '#a0a8b2' },
      failed: { fg: '#b3261e', bg: '#fde9e7', mark: '#d9382e' },
    },
  },
  dark: {
    accent: '#12808b',
    accentText: '#5cc4cd',
    accentSoft: '#12343a',
    canvas: '#12161b',
    surface: '#191f26',
    raised: '#202730',
    line: '#2f3842',
    lineSoft: '#262e37',
    text: '#e4e9ee',
    muted: '#9aa7b4',
    hover: '#212932',
    land: '#2b3540',
    water: '#171c22',
    border: '#46525f',
    tones: {
      neutral: { fg: '#bcc6d1', bg: '#2a323b', mark: '#8794a3' },
      attention: { fg: '#f3c26f', bg: '#3a2d14', mark: '#e0a030' },
      progress: { fg: '#94bdff', bg: '#1a2c4a', mark: '#5b95ee' },
      moving: { fg: '#c3b1ff', bg: '#2b2450', mark: '#9b80ee' },
      done: { fg: '#86d7a4', bg: '#163423', mark: '#46b577' },
      ended: { fg: '#a0aab5', bg: '#272d34', mark: '#6d7884' },
      failed: { fg: '#ffa097', bg: '#441c1a', mark: '#f0665c' },
    },
  },
};

export const fontFamily = "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif";
export const monoFamily = "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace";

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Set the palette as CSS variables (`--accent`, `--tone-done-fg`, ...), shared by kit.css and Ant Design. */
export function paintDocument(mode: Mode, density: Density): void {
  const { tones, ...plain } = palettes[mode];
  const root = document.documentElement;
  root.dataset.mode = mode;
  root.dataset.density = density;
  root.style.colorScheme = mode;
  for (const [name, value] of Object.entries(plain)) root.style.setProperty(`--${kebab(name)}`, value);
  for (const [tone, colours] of Object.entries(tones)) {
    for (const [part, value] of Object.entries(colours)) root.style.setProperty(`--tone-${tone}-${part}`, value);
  }
}

/** The palette as an Ant Design theme. */
export function antTheme(mode: Mode, density: Density): Pick<ThemeConfig, 'token' | 'components'> {
  const p = palettes[mode];
  const compact = density === 'compact';
  return {
    token: {
      colorPrimary: p.accent,
      colorLink: p.accentText,
      colorInfo: p.tones.progress.mark,
      colorSuccess: p.tones.done.mark,
      colorWarning: p.tones.attention.mark,
      colorError: mode === 'light' ? p.tones.failed.mark : '#ff8a82',
      colorBgLayout: p.canvas,
      colorBgContainer: p.surface,
      colorBgElevated: p.raised,
      colorBorder: p.line,
      colorBorderSecondary: p.lineSoft,
      colorText: p.text,
      colorTextSecondary: p.muted,
      colorTextTertiary: p.muted,
      colorTextDescription: p.muted,
      colorTextPlaceholder: p.muted,
      fontFamily,
      fontFamilyCode: monoFamily,
      fontSize: compact ? 13 : 14,
      borderRadius: 6,
      borderRadiusLG: 10,
      controlHeight: compact ? 28 : 32,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.18s',
      boxShadowSecondary: mode === 'light' ? '0 8px 28px rgb(20 30 45 / 14%)' : '0 8px 28px rgb(0 0 0 / 55%)',
    },
    components: {
      Table: {
        headerBg: p.surface,
        headerColor: p.muted,
        headerSplitColor: 'transparent',
        rowHoverBg: p.hover,
        rowSelectedBg: p.accentSoft,
        rowSelectedHoverBg: p.accentSoft,
        cellPaddingBlockMD: compact ? 4 : 10,
        cellPaddingInlineMD: 9,
        borderColor: p.lineSoft,
      },
      Button: {
        primaryShadow: 'none',
        defaultShadow: 'none',
        dangerShadow: 'none',
        // Darker, not lighter as by default: the white text stays readable.
        colorPrimaryHover: mode === 'light' ? '#095a62' : '#0f6e78',
        ...(mode === 'light' ? { colorErrorHover: '#a82a20' } : {}),
        fontWeight: 500,
        defaultHoverColor: p.accentText,
        defaultHoverBorderColor: p.accentText,
        defaultActiveColor: p.accentText,
        defaultActiveBorderColor: p.accentText,
        dangerColor: mode === 'light' ? '#ffffff' : '#240907',
      },
      Drawer: { paddingLG: 20 },
      Tooltip: { colorBgSpotlight: mode === 'light' ? '#27313b' : '#394552', colorTextLightSolid: '#ffffff' },
    },
  };
}
