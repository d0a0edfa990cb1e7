-- xUnit style: functions that hold the tests, with startup, setup, teardown and shutdown.
BEGIN;
CREATE SCHEMA shop_test;
CREATE FUNCTION shop_test.startup_room() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE room (id int PRIMARY KEY, what text);
    RETURN NEXT pass('the room is open');
END;
$$;
CREATE FUNCTION shop_test.setup_order() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO room VALUES (1, 'chair');
    RETURN NEXT pass('a chair was brought');
END;
$$;
CREATE FUNCTION shop_test.test_count() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is((SELECT count(*) FROM room), 1::bigint, 'one thing in the room');
    INSERT INTO room VALUES (2, 'table');
    RETURN NEXT is((SELECT count(*) FROM room), 2::bigint, 'two things in the room');
END;
$$;
CREATE FUNCTION shop_test.test_undone() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT is((SELECT array_agg(what ORDER BY id) FROM room), ARRAY['chair'], 'the table of the other test is gone');
    RETURN QUERY SELECT throws_ok('INSERT INTO room VALUES (1)', '23505');
END;
$$;
CREATE FUNCTION shop_test.teardown_order() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is((SELECT what FROM room WHERE id = 1), 'chair', 'the chair is still there');
END;
$$;
CREATE FUNCTION shop_test.shutdown_room() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE room;
    RETURN NEXT hasnt_table('room');
END;
$$;
SELECT * FROM runtests('shop_test'::name);
ROLLBACK;
