/** Whatever JSON can hold; `undefined` members are left out, as `JSON.stringify` does. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Texts of frozen objects: who freezes one says that nothing in it ever changes, and may have it written many times. */
const texts = new WeakMap<object, string>();

/**
 * The one text of a JSON value: keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript
 * writes them. Two equal values have equal bytes, so the text can be hashed.
 * Throws a `TypeError` for what JSON cannot hold (NaN, infinities).
 * @see RFC 8785 section 3.2
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('JSON cannot hold a number that is not finite');
    return JSON.stringify(value);
  }
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = isArray(value) ? `[${value.map(canonicalJson).join(',')}]` : `{${members(value)}}`;
  if (Object.isFrozen(value)) texts.set(value, text);
  return text;
}

function members(value: { readonly [key: string]: Json | undefined }): string {
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) text += `${text ? ',' : ''}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return text;
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);
