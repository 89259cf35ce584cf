import { invalid, PAGE_MAX } from '../../kernel/index.ts';
import { builder, nodeType } from '../builder.ts';

/** The id, checked here so that the argument at fault is named. */
function checked(id: string, field: string): string {
  nodeType(id, field);
  return id;
}

builder.queryFields((t) => ({
  node: t.node({
    description: 'The object with this id; null where there is none that may be seen here.',
    args: { id: t.arg.id({ required: true }) },
    id: (_root, { id }) => checked(id, 'id'),
  }),
  nodes: t.nodeList({
    description: 'The objects with these ids, in their order.',
    complexity: ({ ids }) => ({ field: 1, multiplier: Math.min(ids.length, PAGE_MAX) }),
    args: { ids: t.arg.idList({ required: true }) },
    ids: (_root, { ids }) => {
      if (ids.length > PAGE_MAX) throw invalid('ids', `At most ${PAGE_MAX} ids at once.`);
      return ids.map((id, index) => checked(id, `ids.${index}`));
    },
  }),
}));
