import { expect } from "chai";
import {
  type AdminClient,
  DATABASES,
  type Directory,
  expectProblem,
  openAdmin,
  runOf,
  tightBrake,
} from "./admin-client.js";

const PEOPLE = ["ada@acme.example", "ben@acme.example", "cai@acme.example"];

for (const [database, newUrl] of DATABASES) {
  describe(`held runs, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(tightBrake, await newUrl());
    });
    after(() => client.close());

    /** Everybody leaves at once; the brake lets one go. */
    async function held(): Promise<{ readonly tenant: string; readonly run: string; readonly directory: Directory }> {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, ...PEOPLE);
      for (const userName of PEOPLE) await directory.deactivate(userName);
      const { body } = await client.get(`${tenant}/runs?status=held`);
      expect(body.items).to.have.length(1);
      return { tenant, run: `${tenant}/runs/${body.items?.[0]?.["id"]}`, directory };
    }

    async function registered(tenant: string): Promise<readonly unknown[]> {
      const { body } = await client.get(`${tenant}/users?status=registered`);
      return body.items?.map(({ userName }) => userName) ?? [];
    }

    it("are named by a check of what somebody held back does not hold", async () => {
      const { tenant, run } = await held();
      const check = async (userName: string) => {
        const reply = await client.get(`${tenant}/check?user=${userName}&scope=tenant&role=owner`);
        const because = reply.body["because"] as readonly { readonly code: string; readonly reason: string }[];
        return { allowed: reply.body["allowed"], because };
      };
      const waiting = await check("ben@acme.example");
      expect([waiting.allowed, waiting.because.map(({ code }) => code)]).to.deep.equal([false, ["not_held", "held"]]);
      expect(waiting.because[1]?.reason).to.match(/^changes of this user wait in run (\d+): /);
      expect(waiting.because[1]?.reason).to.contain(`run ${run.split("/").at(-1)}:`);
      expect((await check("ada@acme.example")).because.map(({ code }) => code)).to.deep.equal(["deactivated"]);
    });

    it("keep people as they are until an owner lets them go as previewed", async () => {
      const { tenant, run } = await held();
      expect(await registered(tenant)).to.deep.equal(["ben@acme.example", "cai@acme.example"]);
      const preview = await client.get(`${run}/preview`);
      expect(preview.body["summary"]).to.deep.include({ users: 2, deactivated: 2 });
      expectProblem(await client.post(`${run}/release`, { digest: "0".repeat(64) }), 409, "plan_changed");
      const released = await client.post(`${run}/release`, { digest: preview.body["digest"] });
      expect([released.status, `${tenant}/runs/${runOf(released)}`]).to.deep.equal([202, run]);
      const done = await client.get(`${run}?wait=30`);
      expect(done.body).to.include({ status: "done", trigger: "held", connection: "okta" });
      expect(await registered(tenant)).to.deep.equal([]);
      expectProblem(await client.post(`${run}/release`, { digest: preview.body["digest"] }), 409, "run_not_held");
    });

    it("release nobody who came after the preview", async () => {
      const { tenant, run, directory } = await held();
      const preview = await client.get(`${run}/preview`);
      await directory.push("late@acme.example");
      await directory.deactivate("late@acme.example");
      const released = await client.post(`${run}/release`, { digest: preview.body["digest"] });
      expect(released.status).to.equal(202);
      expect((await client.get(`${run}?wait=30`)).body).to.include({ status: "done", total: 2, done: 2 });
      expect(await registered(tenant)).to.deep.equal(["late@acme.example"]);
      const { body } = await client.get(`${tenant}/runs?status=held`);
      expect(body.items?.map(({ total }) => total)).to.deep.equal([1]);
    });

    it("tell who waits for what, and who let them go", async () => {
      const { tenant, run } = await held();
      const because = "more people would lose access at once than the brake lets through";
      const waiting = { reason: "brake_deactivations", because, people: 2 };
      const { body } = await client.get(run);
      expect(body).to.deep.include({ startedBy: null, decidedBy: null, held: [waiting] });
      expect(body["story"]).to.include(`2 people wait: ${because}`);
      const listed = await client.get(`${tenant}/runs?status=held`);
      expect(listed.body.items?.[0]).to.deep.equal(body);
      const preview = await client.get(`${run}/preview`);
      await client.post(`${run}/release`, { digest: preview.body["digest"] });
      const { body: after } = await client.get(`${run}?wait=30`);
      expect(after).to.deep.include({ decidedBy: "operator", held: [] });
      expect(after["story"]).to.include.members(["released by `operator`", "2 of 2 people done"]);
    });

    it("answer by name what cannot be: another run's digest, a run that is over, and another tenant's", async () => {
      const { run } = await held();
      const other = await held();
      const { body: preview } = await client.get(`${other.run}/preview`);
      const refused = await client.post(`${run}/release`, { digest: preview["digest"] });
      expectProblem(refused, 409, "plan_changed");
      expect(refused.body["detail"]).to.match(/is of no preview of exactly this: preview it/);
      expect((await client.get(run)).body["held"]).to.have.length(1);
      await client.post(`${other.run}/release`, { digest: preview["digest"] });
      expect((await client.get(`${other.run}?wait=30`)).body["status"]).to.equal("done");
      const ended = [
        await client.post(`${other.run}/release`, { digest: preview["digest"] }),
        await client.post(`${other.run}/discard`),
        await client.get(`${other.run}/preview`),
      ];
      for (const reply of ended) {
        expectProblem(reply, 409, "run_not_held");
        expect(reply.body["detail"]).to.match(/^run \d+ is done, not held, released by `operator`: /);
      }
      const foreign = `${await client.tenant()}/runs/${run.split("/").at(-1)}`;
      for (const reply of [
        await client.get(`${foreign}?wait=30`),
        await client.get(`${foreign}/preview`),
        await client.post(`${foreign}/release`, { digest: preview["digest"] }),
        await client.post(`${foreign}/discard`),
      ]) {
        expectProblem(reply, 404, "not_found");
      }
    });

    it("are discarded: everybody stays, until their facts change again", async () => {
      const { tenant, run } = await held();
      expect((await client.post(`${run}/discard`)).body).to.include({ status: "discarded" });
      expectProblem(await client.post(`${run}/discard`), 409, "run_not_held");
      expect(await registered(tenant)).to.deep.equal(["ben@acme.example", "cai@acme.example"]);
    });

    it("once discarded leave an admin to deactivate whom no source calls active, and nobody else", async () => {
      const { tenant, run, directory } = await held();
      await directory.push("dee@acme.example");
      await client.post(`${run}/discard`);
      const change = async (userName: string, body: object) => {
        const { items } = (await client.get(`${tenant}/users?userName=${userName}`)).body;
        return client.call("PATCH", `${tenant}/users/${items?.[0]?.["id"]}`, { body });
      };
      expectProblem(await change("dee@acme.example", { active: false }), 409, "read_only");
      expectProblem(await change("ben@acme.example", { active: false, displayName: "Ben" }), 409, "read_only");
      const ended = await change("ben@acme.example", { active: false });
      expect([ended.status, ended.body["active"]], ended.text).to.deep.equal([200, false]);
      expect(await registered(tenant)).to.deep.equal(["cai@acme.example", "dee@acme.example"]);
      const [entry] =
        (await client.get(`${tenant}/audit?action=user.deactivated&user=${ended.body["id"]}`)).body.items ?? [];
      expect(entry?.["actor"]).to.deep.equal({ kind: "operator" });
      expectProblem(await change("ben@acme.example", { active: true }), 409, "read_only");
    });

    it("are released or discarded once, however many ask for either at the same time", async () => {
      const { run } = await held();
      const { body } = await client.get(`${run}/preview`);
      const release = () => client.post(`${run}/release`, { digest: body["digest"] });
      const discard = () => client.post(`${run}/discard`);
      const replies = await Promise.all([release(), discard(), release(), discard()]);
      const won = replies.filter(({ status }) => status < 300);
      expect(won).to.have.length(1);
      for (const lost of replies.filter((reply) => !won.includes(reply))) expectProblem(lost, 409, "run_not_held");
      const { body: after } = await client.get(`${run}?wait=30`);
      expect(after["status"]).to.equal(won[0]?.status === 202 ? "done" : "discarded");
    });

    it("do not come about for what was announced", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, ...PEOPLE);
      const until = new Date(Date.parse(client.service.p.now()) + 3_600_000).toISOString();
      const expected = await client.post(`${directory.connection}/expect`, { max: 2, until });
      expect(expected.body).to.deep.equal({ max: 2, until });
      for (const userName of PEOPLE) await directory.deactivate(userName);
      expect((await client.get(`${tenant}/runs?status=held`)).body.items).to.deep.equal([]);
      expect(await registered(tenant)).to.deep.equal([]);
      const { body } = await client.get(`${tenant}/audit?action=connection.change_expected`);
      expect(body.items?.[0]).to.deep.include({ door: "admin", detail: { connection: "okta", max: 2, until } });
    });

    it("are told of at once to whoever waits, as they wait for nobody", async () => {
      const { run } = await held();
      const reply = await client.get(`${run}?wait=60`);
      expect(reply.body).to.include({ status: "held", done: 0, total: 2 });
    });
  });
}
