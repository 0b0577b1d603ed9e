import { IntlMessageFormat } from 'intl-messageformat';
import { createContext, useContext } from 'react';
import english from './messages/en.json';

export const LANGUAGES = { en: 'English', es: 'Español', de: 'Deutsch', fr: 'Français', pt: 'Português', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;
export type MessageKey = keyof typeof english;
export type Messages = Record<MessageKey, string>;
const STORED = 'openiom.track.language';

const LOADERS: Record<Language, () => Promise<{ default: Messages }>> = {
  en: () => Promise.resolve({ default: english }),
  es: () => import('./messages/es.json'),
  de: () => import('./messages/de.json'),
  fr: () => import('./messages/fr.json'),
  pt: () => import('./messages/pt.json'),
  zh: () => import('./messages/zh.json'),
};

const isLanguage = (text: string): text is Language => text in LANGUAGES;

/** The language that was chosen here before, or the first one of the browser that is offered. */
export function preferredLanguage(): Language {
  const wanted = [localStorage.getItem(STORED) ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find(isLanguage) ?? 'en';
}

export async function loadMessages(language: Language): Promise<Messages> {
  return (await LOADERS[language]()).default;
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
}

/** Texts, dates and money in one language. */
export class Translation {
  constructor(
    readonly language: Language,
    private readonly messages: Messages,
  ) {}

  readonly text = (key: MessageKey, values?: Record<string, string | number>): string =>
    String(new IntlMessageFormat(this.messages[key], this.language).format(values));

  /** A text whose key is made of data; `otherwise` when the languages have none. */
  readonly named = (key: string, otherwise: string): string => (key in this.messages ? this.text(key as MessageKey) : otherwise);

  readonly money = (amount: string, currency: string): string =>
    new Intl.NumberFormat(this.language, { style: 'currency', currency }).format(Number(amount));

  readonly day = (day: string): string =>
    new Intl.DateTimeFormat(this.language, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(day));

  /** The name of a country by its ISO 3166 code; the code itself when it has none. */
  readonly country = (code: string): string => {
    try {
      return new Intl.DisplayNames([this.language], { type: 'region' }).of(code) ?? code;
    } catch {
      return code;
    }
  };

  readonly moment = (at: string): string =>
    new Intl.DateTimeFormat(this.language, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(at));
}

export const TranslationContext = createContext(new Translation('en', english));
export const useTranslation = (): Translation => useContext(TranslationContext);
