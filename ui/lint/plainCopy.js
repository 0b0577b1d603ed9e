/**
 * An ESLint rule for the texts of the user interface: string literals with several words or a capital
 * letter, text between tags, and templates. It refuses words that an order manager would not use, and
 * names of the API.
 */

/** Refused words, each a regular expression, with what to write instead. */
const refusedWords = {
  'told|tells?': 'sent, notified or shown',
  'asked|asks|askers?': 'requested',
  'stands|standing|stood': 'is, or the state by name',
  settled: 'completed or decided',
  'taken|took': 'accepted, used or processed',
  held: 'on hold, or reserved',
  gone: 'removed, finished or expired',
  anew: 'again, or from the start',
  'nobody|somebody|whoever': 'the user, customer or system it is',
  'rooms?': 'capacity, or the page by name',
  'desks?|doors?|houses?|roofs?': 'the page or system by name',
  '(?<!picking )waves?': 'batch (a wave is a picking wave)',
  'journeys?': 'flow run',
  'provider actions?': 'provider call',
  'lets? go|letting go|gives? back': 'release',
  'for good(?! reasons?)': 'permanently',
};

/** Refused names of the API, each with what to write instead. */
const refusedNames = [
  { pattern: /(?<![\w./-])[a-z]+(?:_[a-z]+)+(?![\w.(/-])/, advice: 'the label from @vocabulary' },
  { pattern: /(?<![\w./-])[a-z_]{2,}(?:\.[a-z_]{2,})+(?![\w(/-])/, advice: 'the title from @vocabulary' },
  { pattern: /\bP(?:\d+[YMWD])*T?\d+[HMSDWY]\b/, advice: 'the duration in words' },
];

const words = Object.entries(refusedWords).map(([word, advice]) => ({ pattern: new RegExp(`\\b(?:${word})\\b`, 'i'), advice }));

/** Attributes whose values are not shown. */
const hiddenAttributes = new Set(['className', 'id', 'key', 'name', 'path', 'to', 'href', 'role', 'style', 'd', 'viewBox']);

const isProse = (text) => /\S\s+\S/.test(text) || /^[A-Z][a-z]/.test(text);

/** Whether a literal is not shown: an attribute for programs, the text of an error for developers, an import or a key. */
function isHidden(node) {
  const { parent } = node;
  if (parent.type === 'NewExpression') return parent.callee.name === 'Error';
  if (parent.type === 'JSXAttribute') return hiddenAttributes.has(parent.name.name);
  if (parent.type === 'Property') return parent.key === node;
  return parent.type.startsWith('Import') || parent.type.startsWith('Export') || parent.type.startsWith('TS');
}

/** Whether text between tags is code that a user types, such as a command. */
const isCode = (node) => node.parent.type === 'JSXElement' && node.parent.openingElement.name.name === 'code';

const plainCopy = {
  meta: {
    type: 'suggestion',
    docs: { description: 'require plain words in texts of the user interface' },
    messages: { refused: '"{{found}}" in a text of the user interface: write {{advice}}' },
    schema: [],
  },
  create(context) {
    function check(node, text, refused) {
      for (const { pattern, advice } of refused) {
        const found = pattern.exec(text);
        if (found !== null) context.report({ node, messageId: 'refused', data: { found: found[0], advice } });
      }
    }
    return {
      JSXText(node) {
        if (!isCode(node)) check(node, node.value, [...words, ...refusedNames]);
      },
      Literal(node) {
        if (typeof node.value !== 'string' || isHidden(node) || !isProse(node.value)) return;
        check(node, node.value, [...words, ...refusedNames]);
      },
      TemplateElement(node) {
        if (isProse(node.value.raw)) check(node, node.value.raw, words);
      },
    };
  },
};

export default { rules: { 'plain-copy': plainCopy } };
