"""What workers do with jobs, and in which order whoever writes to them takes rows.

PostgreSQL has row locks. Two who take the same rows in different orders sooner or later stand in a circle, and the
database throws one of them out. So a transaction of the job side takes, each step only if it needs it:

1. the row of a connection, where places or the order of its queue are dealt out: `queue.begin`, `services.queue`;
2. the rows of jobs, several of them in the order of their keys: a claimed one, the drafts of a family that is launched;
3. the rows of the project's budgets, in the order of their keys: a launch that is held against them;
4. the row of a model version.

What asks models has an order of its own: the project where an evaluation is numbered and the budgets that it is held
against, then its arms in the order of their keys, the evaluation, and last the record of the advisor that it was made
for (`Project`, `Budget`, `Arm`, `Evaluation`, `Advice`). Rows that a transaction has inserted itself, events, figures,
moves, notifications, deliveries, are nobody's to wait for and may come at any time. What talks to a provider is never
inside a transaction. `datasets_app/pipeline/lock_order.py` says the same of data; no transaction writes to both sides.

Two rows are held before all others, so that a step that two people take at once is taken once: of an evaluation
(`services.loop`, which may ask for a snapshot of the data meanwhile) and of a family (`services.formats`).
"""
