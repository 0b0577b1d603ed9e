import { useEffect, useState } from 'react';
import { LookupPage } from './LookupPage';
import { LANGUAGES, loadMessages, preferredLanguage, rememberLanguage, Translation, TranslationContext, type Language } from './messages';
import { OrderPage } from './OrderPage';

/** The pages of customers in their language: one order, or the form that finds it. */
export function CustomerPages({ token }: { token: string }) {
  const [language, setLanguage] = useState(preferredLanguage);
  const [translation, setTranslation] = useState<Translation>();

  useEffect(() => {
    let current = true;
    void loadMessages(language).then((messages) => {
      if (!current) return;
      document.documentElement.lang = language;
      document.title = messages.title;
      setTranslation(new Translation(language, messages));
    });
    return () => {
      current = false;
    };
  }, [language]);

  if (!translation) return null;

  const choose = (chosen: Language) => {
    rememberLanguage(chosen);
    setLanguage(chosen);
  };
  return (
    <TranslationContext value={translation}>
      <header>
        <label>
          <span className="quiet">{translation.text('language')}</span>{' '}
          <select value={language} onChange={(event) => choose(event.target.value as Language)}>
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      <main>{token ? <OrderPage token={token} /> : <LookupPage />}</main>
    </TranslationContext>
  );
}
