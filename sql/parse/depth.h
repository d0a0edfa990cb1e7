/*
 * depth.h: how deeply a text can nest, before the recursive parts of libpg_query see it.
 */
#ifndef PGF_PARSE_DEPTH_H
#define PGF_PARSE_DEPTH_H

#include <stddef.h>

/*
 * An upper bound of the depth of the raw tree of text (n bytes): one linear look at the tokens, no
 * allocation beyond a stack of open parentheses. Operators, keywords and brackets may each add a
 * level; commas, AND, OR and semicolons begin a new item whose depth does not add to its
 * neighbours'. Never too small; any text.
 */
size_t parse_depth_bound(const char *text, size_t n);

#endif
