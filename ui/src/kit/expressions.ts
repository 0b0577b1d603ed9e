/** Comparison operators in words, longest first so that `>=` is found before `>`. */
const comparisons: readonly [string, string][] = [
  ['==', 'is'],
  ['!=', 'is not'],
  ['>=', 'is at least'],
  ['<=', 'is at most'],
  ['>', 'is more than'],
  ['<', 'is less than'],
];

/** The same for the cells of a decision table, whose subject is the column. */
const cellComparisons: readonly [string, string][] = [
  ['==', ''],
  ['!=', 'Not'],
  ['>=', 'At least'],
  ['<=', 'At most'],
  ['>', 'More than'],
  ['<', 'Less than'],
];

const quoted = /^(?:'([^']*)'|"([^"]*)")$/;
const fieldName = /^#?\.?[a-zA-Z_][\w.]*$/;
const numberLiteral = /^-?\d+(\.\d+)?$/;

/** Split at `separator` outside of quotes and brackets. */
function splitTopLevel(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === "'" || character === '"') {
      quote = character;
    } else if ('([{'.includes(character)) {
      depth += 1;
    } else if (')]}'.includes(character)) {
      depth -= 1;
    } else if (depth === 0 && text.startsWith(separator, index)) {
      parts.push(text.slice(start, index));
      start = index + separator.length;
      index = start - 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

/** A value or field of an expression in words, or undefined when it is more than that. */
function describeOperand(text: string): string | undefined {
  const literal = quoted.exec(text);
  if (literal) {
    const value = literal[1] ?? literal[2] ?? '';
    return value === '' ? 'empty' : value;
  }
  if (text === 'true') return 'yes';
  if (text === 'false') return 'no';
  if (text === 'null') return 'empty';
  if (numberLiteral.test(text)) return text;
  if (!fieldName.test(text)) return undefined;
  const words = text.replace(/^#\.?/, '').replaceAll(/[._]+/g, ' ').trim();
  return words === '' ? undefined : words;
}

/** A sum of fields in words: "shipped plus canceled". */
function describeSum(text: string): string | undefined {
  const terms = splitTopLevel(text, '+').map(describeOperand);
  return terms.some((term) => term === undefined) ? undefined : terms.join(' plus ');
}

function describeList(text: string): string | undefined {
  const match = /^\[(.*)\]$/.exec(text);
  if (!match) return undefined;
  const values = splitTopLevel(match[1] ?? '', ',').map(describeOperand);
  return values.some((value) => value === undefined) ? undefined : values.join(', ');
}

function describeComparison(text: string): string | undefined {
  const [field, list] = splitTopLevel(text, ' in ');
  if (field !== undefined && list !== undefined) {
    const subject = describeOperand(field);
    const values = describeList(list);
    return subject !== undefined && values !== undefined ? `${subject} is one of ${values}` : undefined;
  }
  for (const [operator, words] of comparisons) {
    const sides = splitTopLevel(text, operator);
    if (sides.length !== 2) continue;
    const left = describeSum(sides[0] ?? '');
    const right = describeSum(sides[1] ?? '');
    return left !== undefined && right !== undefined ? `${left} ${words} ${right}` : undefined;
  }
  return describeOperand(text);
}

function describeCondition(text: string): string | undefined {
  const quantified = /^(some|all|none)\((\w+),\s*(.+)\)$/.exec(text);
  if (quantified) {
    const inner = describeCondition(quantified[3] ?? '');
    const prefix = { some: 'for at least one of the', all: 'for all', none: 'for none of the' }[quantified[1] ?? ''] ?? '';
    return inner === undefined ? undefined : `${prefix} ${quantified[2] ?? ''}: ${inner}`;
  }
  for (const conjunction of ['or', 'and']) {
    const parts = splitTopLevel(text, ` ${conjunction} `);
    if (parts.length < 2) continue;
    const described = parts.map(describeCondition);
    return described.some((part) => part === undefined) ? undefined : described.join(`, ${conjunction} `);
  }
  return describeComparison(text);
}

/** Return a condition as a sentence, or undefined when it is too complex for one. */
export function describeExpression(expression: string): string | undefined {
  const sentence = describeCondition(expression.trim());
  return sentence === undefined ? undefined : capitalize(sentence);
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Return the condition of a decision table cell in words; the column names the field. */
export function describeCell(expression: string): string | undefined {
  const text = expression.trim();
  const range = /^[[(](-?[\d.]+)\.\.(-?[\d.]+)[\])]$/.exec(text);
  if (range) return `${range[1] ?? ''} to ${range[2] ?? ''}`;
  for (const [operator, words] of cellComparisons) {
    if (!text.startsWith(operator)) continue;
    const value = describeOperand(text.slice(operator.length).trim());
    return value === undefined ? undefined : `${words} ${value}`.trim();
  }
  const values = splitTopLevel(text, ',').map(describeOperand);
  if (values.some((value) => value === undefined)) return undefined;
  const list = values.join(', ');
  return list === 'empty' ? 'Empty' : list;
}
