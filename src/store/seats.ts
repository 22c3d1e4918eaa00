/** Seats: who has one, and how many are left. INVARIANT: `seats_used` is the number of users with a seat. */
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { AccessWriter } from "../provisioning/ports/access.js";
import type { Scope } from "./scope.js";
import { sql } from "./sql.js";
import { toMillis } from "./values.js";
import { wake } from "./wakeups.js";

type SeatWriter = Pick<AccessWriter, "seatPeople" | "seatAll" | "unseatPeople" | "lockTenant">;

export function noSeats(): Refusal {
  return new Refusal("no_seat", "there are not as many free seats");
}

export function seatWriter({ tenant, sql: db, dialect }: Scope): SeatWriter {
  const lockTenant = async (): Promise<void> => {
    if (dialect.name === "sqlite") return;
    await db.all(sql`select id from tenants where id = ${tenant}${dialect.lock()}`);
  };
  const count = async (step: number): Promise<void> => {
    if (step !== 0) await db.run(sql`update tenants set seats_used = seats_used + ${step} where id = ${tenant}`);
  };
  return {
    lockTenant,
    async seatPeople(ids) {
      if (ids.length === 0) return [];
      await lockTenant();
      const listed = dialect.rows(
        { id: "text" },
        ids.map((id) => ({ id })),
      );
      const seated = await db.all<{ readonly id: string }>(
        sql`update users set seat = true where tenant_id = ${tenant} and id in (
            select u.id from ${listed} as r join users u on u.tenant_id = ${tenant} and u.id = r.id and not u.seat
            order by r.ordinal
            limit (select case when seats is null then ${ids.length} when seats > seats_used then seats - seats_used else 0 end
              from tenants where id = ${tenant}))
          returning id`,
      );
      await count(seated.length);
      if (seated.length === ids.length) return [];
      const without = await db.all<{ readonly id: string }>(
        sql`select r.id from ${listed} as r where not exists
          (select 1 from users u where u.tenant_id = ${tenant} and u.id = r.id and u.seat) order by r.ordinal`,
      );
      return without.map((row) => row.id as UserId);
    },
    async seatAll(ids) {
      if (ids.length === 0) return;
      await lockTenant();
      const seatless = sql`tenant_id = ${tenant} and id in ${dialect.list(ids)} and not seat`;
      const count = sql`(select count(*) from users where ${seatless})`;
      await Promise.all([
        db.send(
          sql`update tenants set seats_used = seats_used + ${count}
            where id = ${tenant} and (seats is null or seats_used + ${count} <= seats or ${count} = 0)`,
          { rows: 1, otherwise: noSeats },
        ),
        db.send(sql`update users set seat = true where ${seatless}`),
      ]);
    },
    async unseatPeople(ids, now) {
      if (ids.length === 0) return;
      await lockTenant();
      const seated = sql`tenant_id = ${tenant} and id in ${dialect.list(ids)} and seat`;
      const limited = sql` and exists (select 1 from tenants t where t.id = ${tenant} and t.seats is not null)`;
      await Promise.all([
        db.send(
          sql`update tenants set seats_used = seats_used - (select count(*) from users where ${seated}) where id = ${tenant}`,
        ),
        db.send(sql`update users set seat = false where ${seated}`),
        db.send(wake(tenant, toMillis(now), "seats", "tenant", limited)),
      ]);
    },
  };
}
