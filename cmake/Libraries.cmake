# Every library by its Debian 12 package, and a plain sentence when one is missing.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

macro(gateway_require target module package)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET ${module})
  if(NOT ${target}_FOUND)
    message(FATAL_ERROR "Casement needs ${module}: apt-get install ${package}")
  endif()
endmacro()

gateway_require(CJSON libcjson libcjson-dev)
gateway_require(CRYPTO libcrypto libssl-dev)
gateway_require(SSL libssl libssl-dev)
gateway_require(SQLITE sqlite3 libsqlite3-dev)
gateway_require(ZSTD libzstd libzstd-dev)
gateway_require(ZLIB zlib zlib1g-dev)
gateway_require(UV libuv libuv1-dev)
gateway_require(SMARTCOLS smartcols libsmartcols-dev)
gateway_require(CURL libcurl libcurl4-openssl-dev)
gateway_require(MICROHTTPD libmicrohttpd libmicrohttpd-dev)
gateway_require(SYSTEMD libsystemd libsystemd-dev)
gateway_require(PQ libpq libpq-dev)

# libcsv ships no pkg-config file.
find_path(CSV_INCLUDE_DIR csv.h)
find_library(CSV_LIBRARY csv)
if(NOT CSV_INCLUDE_DIR OR NOT CSV_LIBRARY)
  message(FATAL_ERROR "Casement needs libcsv: apt-get install libcsv-dev")
endif()
add_library(CSV::CSV UNKNOWN IMPORTED)
set_target_properties(CSV::CSV PROPERTIES IMPORTED_LOCATION ${CSV_LIBRARY}
                                          INTERFACE_INCLUDE_DIRECTORIES ${CSV_INCLUDE_DIR})

# What the formats of `casement export` are written by.
set(export_libraries)
if(GATEWAY_XLSX)
  gateway_require(XLSXWRITER xlsxwriter libxlsxwriter-dev)
  list(APPEND export_libraries PkgConfig::XLSXWRITER)
endif()
if(GATEWAY_ODM)
  gateway_require(XML libxml-2.0 libxml2-dev)
  list(APPEND export_libraries PkgConfig::XML)
endif()
if(GATEWAY_XPT) # which ships no pkg-config file
  find_path(READSTAT_INCLUDE_DIR readstat.h)
  find_library(READSTAT_LIBRARY readstat)
  if(NOT READSTAT_INCLUDE_DIR OR NOT READSTAT_LIBRARY)
    message(FATAL_ERROR "Casement needs libreadstat: apt-get install libreadstat-dev")
  endif()
  add_library(READSTAT::READSTAT UNKNOWN IMPORTED)
  set_target_properties(READSTAT::READSTAT PROPERTIES IMPORTED_LOCATION ${READSTAT_LIBRARY}
                                                      INTERFACE_INCLUDE_DIRECTORIES ${READSTAT_INCLUDE_DIR})
  list(APPEND export_libraries READSTAT::READSTAT)
endif()

# Our TLS rules are OpenSSL's: the GnuTLS flavour of libcurl would replace them silently.
find_program(CURL_CONFIG curl-config)
if(CURL_CONFIG)
  execute_process(COMMAND ${CURL_CONFIG} --ssl-backends OUTPUT_VARIABLE curl_backends ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT curl_backends MATCHES "OpenSSL")
  message(FATAL_ERROR "Casement needs the OpenSSL flavour of libcurl (this one says: ${curl_backends}): "
                      "apt-get install libcurl4-openssl-dev")
endif()
