# One interface target carries the warnings, the sanitizers and the hardening of every room.
add_library(gateway_flags INTERFACE)
target_compile_options(gateway_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef
  -Wformat=2 -Werror=format-security -Wvla -Wimplicit-fallthrough -Wold-style-definition -fno-strict-overflow
  -fno-common)
# What clang sees beyond gcc in initialisers that name members, in wrappers of printf and in '|' of truth values is meant
# so. The fuzz targets are built with it.
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
  target_compile_options(gateway_flags INTERFACE
    -Wno-missing-field-initializers -Wno-format-nonliteral -Wno-bitwise-instead-of-logical)
endif()
target_compile_definitions(gateway_flags INTERFACE _GNU_SOURCE GATEWAY_VERSION="${PROJECT_VERSION}")
target_include_directories(gateway_flags INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/gateway)

# A release is optimised over all rooms at once: with -O3, 3 % of what `casement map` costs (scripts/bench).
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT GATEWAY_SANITIZE)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT can_optimise_whole OUTPUT ipo_refusal LANGUAGES C)
  if(can_optimise_whole)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endif()

if(GATEWAY_SANITIZE)
  target_compile_options(gateway_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                                 -fno-omit-frame-pointer)
  target_link_options(gateway_flags INTERFACE -fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(gateway_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection
    -ftrivial-auto-var-init=zero -fPIE)
  target_link_options(gateway_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(GATEWAY_COVERAGE)
  target_compile_options(gateway_flags INTERFACE --coverage)
  target_link_options(gateway_flags INTERFACE --coverage)
endif()
