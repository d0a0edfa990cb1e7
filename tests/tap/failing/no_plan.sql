-- Errors of the tests themselves.
SELECT ok(true, 'without a plan');
BEGIN;
SELECT plan(2);
SELECT plan(3);
ROLLBACK;
BEGIN;
SELECT * FROM no_plan();
SELECT ok(false, 'one');
SELECT * FROM todo('later', 1);
SELECT ok(false, 'two');
SELECT todo_start();
SELECT is(1, 2);
SELECT todo_end();
SELECT diag('several', ' words');
SELECT skip('why', 1);
SELECT * FROM finish();
SELECT num_failed();
ROLLBACK;
