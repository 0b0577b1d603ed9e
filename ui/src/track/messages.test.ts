import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import de from './messages/de.json';
import en from './messages/en.json';
import es from './messages/es.json';
import fr from './messages/fr.json';
import pt from './messages/pt.json';
import zh from './messages/zh.json';
import { LANGUAGES, Translation, type Language, type Messages } from './messages';

const ALL: Record<Language, Messages> = { en, es, de, fr, pt, zh };

function placeholders(elements: MessageFormatElement[]): string[] {
  return elements.flatMap((element) => (element.type === TYPE.literal || element.type === TYPE.pound ? [] : [element.value])).sort();
}

test.each(Object.keys(LANGUAGES) as Language[])('%s has every message, with the placeholders of the English one', (language) => {
  expect(Object.keys(ALL[language])).toEqual(Object.keys(en));
  for (const [key, message] of Object.entries(ALL[language])) {
    expect(message.trim(), key).not.toBe('');
    expect(placeholders(parse(message)), key).toEqual(placeholders(parse(en[key as keyof Messages])));
  }
});

test('countries have their names, and an unknown code is shown as it is', () => {
  expect(new Translation('de', de).country('US')).toBe('Vereinigte Staaten');
  expect(new Translation('en', en).country('not a code')).toBe('not a code');
});

test('plurals, money and days follow the language', () => {
  const german = new Translation('de', de);
  expect(german.text('quantity_of', { count: 1234 })).toBe('1.234 Stück');
  expect(german.money('1234.5', 'EUR')).toBe('1.234,50\u00a0€');
  expect(new Translation('en', en).text('quantity_of', { count: 1 })).toBe('1 unit');
  expect(new Translation('zh', zh).day('2026-12-01')).toBe('2026年12月1日');
});
