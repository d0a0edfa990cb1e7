/* interval_typmod.h: the bits of an interval's type modifier, as PostgreSQL stores them. */
#ifndef PGF_TYPES_INTERVAL_TYPMOD_H
#define PGF_TYPES_INTERVAL_TYPMOD_H

#define INTERVAL_MONTH  (1 << 1)
#define INTERVAL_YEAR   (1 << 2)
#define INTERVAL_DAY    (1 << 3)
#define INTERVAL_HOUR   (1 << 10)
#define INTERVAL_MINUTE (1 << 11)
#define INTERVAL_SECOND (1 << 12)

#define INTERVAL_FULL_RANGE        0x7fff
#define INTERVAL_FULL_PRECISION    0xffff
#define INTERVAL_TYPMOD(prec, rng) ((((rng) & 0x7fff) << 16) | ((prec) & 0xffff))
#define INTERVAL_RANGE(typmod)     (((typmod) >> 16) & 0x7fff)
#define INTERVAL_PRECISION(typmod) ((typmod) & 0xffff)

#endif
