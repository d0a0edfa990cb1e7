-- do_tap(), findfuncs(), no_plan().
BEGIN;
SELECT * FROM no_plan();
CREATE SCHEMA checks;
CREATE FUNCTION checks.check_one() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT pass('one') UNION ALL SELECT is(1, 1, 'one is one')
$$;
CREATE FUNCTION checks.check_two() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT ok(true, 'two');
    RETURN;
END;
$$;
CREATE FUNCTION checks.other() RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT is(findfuncs('checks'::name, '^check'), ARRAY['checks.check_one', 'checks.check_two'], 'functions by pattern');
SELECT * FROM do_tap('checks'::name, '^check');
SELECT * FROM check_test(is(1, 2, 'wrong'), false, 'a test of a test', 'wrong', E'        have: 1\n        want: 2');
SELECT * FROM check_test(ok(true, 'right'), true, 'another', 'right', '');
SELECT * FROM finish();
ROLLBACK;
