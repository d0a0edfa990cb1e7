/* type_door.h: lets types/ see user types through the snapshot. */
#ifndef PGF_CATALOG_TYPE_DOOR_H
#define PGF_CATALOG_TYPE_DOOR_H

/* Once per process, by registry_init. */
void type_door_install(void);

#endif
