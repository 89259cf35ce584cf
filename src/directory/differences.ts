import type { Json } from '../kernel/index.ts';

type Plain = string | number | boolean | null | Date | readonly string[];

/** Each member of `patch` that differs from `before`, from → to, for an event's details; empty where nothing has to change. */
export function differences<T extends { readonly [name: string]: Plain | undefined }>(
  before: { readonly [K in keyof T]: Plain } | null,
  patch: T,
): { [name: string]: { readonly from: Json; readonly to: Json } } {
  const changed: { [name: string]: { from: Json; to: Json } } = {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const from = before ? toJson(before[name] ?? null) : null;
    const to = toJson(value);
    if (JSON.stringify(from) !== JSON.stringify(to)) changed[name] = { from, to };
  }
  return changed;
}

const toJson = (value: Plain): Json => (value instanceof Date ? value.toISOString() : value);
