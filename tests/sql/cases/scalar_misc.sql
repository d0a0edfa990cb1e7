-- corners that random expressions found
SELECT '1'::jsonb -> 0, '1'::jsonb -> -1, '1'::jsonb -> 1, '"a"'::jsonb ->> 0, 'null'::jsonb ->> 0, 'true'::jsonb ->> -1;
SELECT '1'::json -> 0, '"a"'::json ->> -1, '{"a":1}'::jsonb -> 0, '[]'::jsonb -> 0, '[[1]]'::jsonb -> -1;
SELECT '4294967295'::xid = -1, '4294967295'::xid <> -1, '7'::xid = 7, '7'::xid <> 8, '7'::xid = '7'::xid;
SELECT pg_size_pretty('-Infinity'::numeric), pg_size_pretty('Infinity'::numeric), pg_size_pretty('NaN'::numeric), pg_size_pretty(-1e30::numeric);
SELECT 'a' ~ rpad('a', 65536, 'b');
SELECT regexp_match('a', repeat('a?', 40000)) IS NULL;
SELECT money '5' * NULL::float8, '9223372036854775807'::int8::money * NULL::float8;
SELECT ln(1e1000::numeric), ln(1e-1000::numeric), ln(123456789012345678901234567890.5), log(1e500::numeric), ln(1.0000000001::numeric), ln(0.99999::numeric);
SELECT log(2, 1e100::numeric), log(1.0000001, 7), ln(2::numeric), ln(10::numeric), round(ln(1e10000::numeric), 30);
SELECT length(repeat('ab', 100000)), md5(repeat('abc', 100000)), length(lpad('x', 100000, 'yz')), md5(rpad('é', 100001, 'ñu'));
SELECT length(format('%100000s', 'x')), array_length(array_fill(7, ARRAY[5000]), 1);
SELECT repeat('ab', 3) = 'ababab', md5(repeat('x', 3000000)), md5(repeat('0123456789', 300000));
SELECT length(string_agg(repeat('x', 1000), ',')), md5(string_agg(x::text, NULL)) FROM generate_series(1, 1000) x;
SELECT length(replace(repeat('ab', 50000), 'a', 'xyz')), md5(replace(repeat('abc', 1000), 'bc', ''));
