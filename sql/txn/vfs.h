/* vfs.h: the file system under SQLite: the system's, but for three kinds of files (vfs.c). Called by the engine. */
#ifndef PGF_TXN_VFS_H
#define PGF_TXN_VFS_H

/* From now on connections of the process go through it. Once, before the first connection. */
void vfs_install(void);

#endif
