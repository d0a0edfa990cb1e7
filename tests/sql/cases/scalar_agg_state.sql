-- transition and final functions called by name, aggregates made of them
select float8_accum('{1,2,0}'::float8[],1), float8_accum('{0,0,0}'::float8[],'inf'), float4_accum('{4,140,2900}',1.5);
select float8_accum('{1,2}'::float8[],1);
select float8_regr_accum('{4,140,2900,1290,83075,15050}'::float8[], 200, 100);
select float8_combine('{3,60,200}'::float8[], '{0,0,0}'::float8[]), float8_combine('{3,60,200}'::float8[], '{2,180,200}'::float8[]), float8_regr_combine('{3,60,200,750,20000,2000}'::float8[],'{2,180,200,740,57800,-3400}'::float8[]);
select float8_avg('{3,60,200}'), float8_var_pop('{3,60,200}'), float8_var_samp('{1,60,200}'), float8_stddev_pop('{3,60,200}'), float8_stddev_samp('{3,60,200}'), float8_corr('{3,60,200,750,20000,2000}'), float8_regr_r2('{3,60,200,750,20000,2000}'), float8_regr_slope('{3,60,200,750,20000,2000}'), float8_regr_intercept('{3,60,200,750,20000,2000}'), float8_covar_pop('{3,60,200,750,20000,2000}'), float8_regr_sxx('{3,60,200,750,20000,2000}');
select float8_avg('{0,0,0}');
select float8_corr('{1,1}');
select int4_avg_accum('{1,5}'::int8[],4), int2_avg_accum('{1,5}',4::int2), int4_avg_accum_inv('{1,5}'::int8[],4), int8_avg('{3,10}'), int8_avg('{0,0}'), int2int4_sum('{0,5}'), int2int4_sum('{1,5}');
select int4_avg_accum('{1}'::int8[],1);
select int8_sum(1.5,2), int2_sum(null,2::int2), int4_sum(null,null), int4_sum(5,null), int8_sum(null,7), pg_typeof(int8_sum(null,7));
select interval_accum('{1 day,00:00:00}',interval '1 hour'), interval_avg('{1 day,00:00:00.000002}'), interval_accum_inv('{1 day,00:00:00.000002}','1 hour'), interval_avg('{0,0}');
select interval_combine('{1 day,00:00:00.000002}','{1 day,00:00:00.000002}');
select int4_avg_combine('{1,2}','{3,4}');
create aggregate newavg(int4) (sfunc=int4_avg_accum, stype=int8[], finalfunc=int8_avg, initcond='{0,0}');
select newavg(x) from generate_series(1,10) x;
create aggregate newcorr(float8,float8) (sfunc=float8_regr_accum, stype=float8[], finalfunc=float8_corr, initcond='{0,0,0,0,0,0}');
select newcorr(x, x*x) from generate_series(1,10) x;
