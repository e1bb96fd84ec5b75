/* What the generated binding includes before fanlight.h, which itself includes nothing. */
#include <stddef.h>
#include <stdint.h>

#include "fanlight.h"
