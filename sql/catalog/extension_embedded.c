/*
 * extension_embedded.c: see extension_embedded.h. earthdistance: the earth is a sphere with its center at (0, 0, 0); its points are
 * cubes. PostgreSQL's geo_distance is in C: here it is SQL, with the same arithmetic.
 */
#include "sql/catalog/extension_embedded.h"

#include <string.h>

#define METERS "'6378168'::float8"
#define MILES  "3958.747716"

static const char earthdistance_control[] =
    "comment = 'calculate great-circle distances on the surface of the Earth'\n"
    "default_version = '1.1'\n"
    "relocatable = true\n"
    "requires = 'cube'\n";

static const char earthdistance_script[] =
    "CREATE FUNCTION earth() RETURNS float8 LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$SELECT " METERS "$$;\n"
    "CREATE DOMAIN earth AS cube\n"
    "  CONSTRAINT not_point CHECK (cube_is_point(value))\n"
    "  CONSTRAINT not_3d CHECK (cube_dim(value) <= 3)\n"
    "  CONSTRAINT on_surface CHECK (abs(cube_distance(value, '(0)'::cube) / earth() - '1'::float8) < '10e-7'::float8);\n"
    "CREATE FUNCTION sec_to_gc(float8) RETURNS float8 LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE\n"
    "  AS 'SELECT CASE WHEN $1 < 0 THEN 0::float8 WHEN $1/(2*earth()) > 1 THEN pi()*earth() ELSE 2*earth()*asin($1/(2*earth())) END';\n"
    "CREATE FUNCTION gc_to_sec(float8) RETURNS float8 LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE\n"
    "  AS 'SELECT CASE WHEN $1 < 0 THEN 0::float8 WHEN $1/earth() > pi() THEN 2*earth() ELSE 2*earth()*sin($1/(2*earth())) END';\n"
    "CREATE FUNCTION ll_to_earth(float8, float8) RETURNS earth LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE\n"
    "  AS 'SELECT cube(cube(cube(earth()*cos(radians($1))*cos(radians($2))),earth()*cos(radians($1))*sin(radians($2))),earth()*sin(radians($1)))::earth';\n"
    "CREATE FUNCTION latitude(earth) RETURNS float8 LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE\n"
    "  AS 'SELECT CASE WHEN cube_ll_coord($1, 3)/earth() < -1 THEN -90::float8 WHEN cube_ll_coord($1, 3)/earth() > 1 THEN 90::float8 ELSE degrees(asin(cube_ll_coord($1, 3)/earth())) END';\n"
    "CREATE FUNCTION longitude(earth) RETURNS float8 LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE\n"
    "  AS 'SELECT degrees(atan2(cube_ll_coord($1, 2), cube_ll_coord($1, 1)))';\n"
    "CREATE FUNCTION earth_distance(earth, earth) RETURNS float8 LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE\n"
    "  AS 'SELECT sec_to_gc(cube_distance($1, $2))';\n"
    "CREATE FUNCTION earth_box(earth, float8) RETURNS cube LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE\n"
    "  AS 'SELECT cube_enlarge($1, gc_to_sec($2), 3)';\n"
    "CREATE FUNCTION geo_distance(point, point) RETURNS float8 LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE COST 1 AS $$\n"
    "  SELECT 2 * " MILES "::float8 * asin(least(1, sqrt(sin(abs(r.lat1 - r.lat2) / 2) ^ 2 + cos(r.lat1) * cos(r.lat2) *\n"
    "    sin(CASE WHEN r.apart > pi() THEN 2 * pi() - r.apart ELSE r.apart END / 2) ^ 2)))\n"
    "  FROM (SELECT radians($1[1]) AS lat1, radians($2[1]) AS lat2, abs(radians($1[0]) - radians($2[0])) AS apart) r $$;\n"
    "CREATE OPERATOR <@> (LEFTARG = point, RIGHTARG = point, FUNCTION = geo_distance, COMMUTATOR = <@>);\n";

static const struct embedded {
    const char *name, *text;
} files[] = {
    {"earthdistance.control", earthdistance_control},
    {"earthdistance--1.1.sql", earthdistance_script},
};

const char *extension_embedded_name(int i)
{
    return i < (int)(sizeof(files) / sizeof(files[0])) ? files[i].name : NULL;
}

const char *extension_embedded_text(const char *path)
{
    size_t n = strlen(EXTENSION_EMBEDDED "/");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strncmp(path, EXTENSION_EMBEDDED "/", n) == 0 && strcmp(path + n, files[i].name) == 0)
            return files[i].text;
    return NULL;
}
