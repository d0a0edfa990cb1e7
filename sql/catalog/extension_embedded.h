/*
 * extension_embedded.h: files of extensions (control files and scripts) that the program brings along, in a folder that is none of
 * the disk's and comes before those of extension_dir.
 */
#ifndef PGF_CATALOG_EXTENSION_EMBEDDED_H
#define PGF_CATALOG_EXTENSION_EMBEDDED_H

#define EXTENSION_EMBEDDED "<pgfeather>"

/* The names of the files in turn, NULL at the end. */
const char *extension_embedded_name(int i);
/* The text of the file, NULL if it is not one of these. */
const char *extension_embedded_text(const char *path);

#endif
