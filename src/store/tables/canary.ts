// One sealed row that says which salt key this database is sealed under, also while it holds no secret (see store/canary.ts).
import type { Table } from '../table.ts';

export const canary: Table = {
  name: 'canary',
  steps: [
    {
      id: '2026-11-23-20-canary',
      sql: [
        `create table plumbline.canary (
          id boolean primary key default true check (id),
          sealed text not null constraint canary_sealed check (sealed like 'pl1:%')
        )`,
        `create trigger tell_change after insert or update or delete on plumbline.canary
          for each row execute function plumbline.tell_change()`,
      ],
    },
  ],
};
