# What every target of weft shares: warnings, sanitizers, a compiler cache, and one way to declare a library.

find_program(WEFT_CCACHE ccache)
if(WEFT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${WEFT_CCACHE})
endif()

# Half the time of a build goes into reading the same headers (CAF, gRPC, protobuf) for every file. A batch of six reads them once: a whole build takes
# half as long, one after a change in one file somewhat longer. Hence no two files of a target may give one name to two things.
option(WEFT_UNITY "Compile the sources of a target in batches" ON)
set(CMAKE_UNITY_BUILD ${WEFT_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 6)

add_library(weft_build INTERFACE)
target_include_directories(weft_build INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(weft_build INTERFACE -Wall -Wextra -Wpedantic -Wno-missing-field-initializers)
if(WEFT_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(weft_build INTERFACE -Wno-subobject-linkage)  # a batch is not "the main file", which may have such types
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(weft_build INTERFACE -Wno-maybe-uninitialized -Wno-dangling-reference)  # see what std::optional does not hold, and take arguments for what is returned
endif()
if(WEFT_WERROR)
  target_compile_options(weft_build INTERFACE -Werror)
endif()
set(WEFT_TEST_PATIENCE 1)  # tests' time limits are multiplied by this
if(WEFT_SANITIZE)
  set(WEFT_TEST_PATIENCE 4)
  add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${WEFT_SANITIZE})
  if(WEFT_SANITIZE MATCHES "thread")
    include_directories(BEFORE ${PROJECT_SOURCE_DIR}/config/cmake/tsan) # keeps protobuf's messages as Debian's library knows them
  endif()
  if(WEFT_SANITIZE MATCHES "undefined")
    # CAF 0.17.6 binds a reference to an empty tuple when a function actor takes no argument: the one exception.
    add_compile_options(-fno-sanitize=null -fno-sanitize-recover=undefined)
  endif()
endif()

# What programs that run a network allocate with. Messages are made on one thread and freed on another, some 800 allocations a transaction:
# jemalloc takes 9 % less CPU a transaction and 15 % less memory than glibc's here. Sanitizers bring an allocator of their own.
add_library(weft_allocator INTERFACE)
if(NOT WEFT_SANITIZE)
  find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
  target_link_libraries(weft_allocator INTERFACE -Wl,--no-as-needed ${JEMALLOC_LIBRARY} -Wl,--as-needed)
endif()
add_library(weft::allocator ALIAS weft_allocator)

# weft_library(name SOURCES a.cpp ... HEADERS a.hpp ... LINKS targets...) makes weft_<name> with alias weft::<name>.
# Sources and headers are listed, not globbed: a new file is a visible line in review.
function(weft_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;LINKS;PRIVATE_LINKS" ${ARGN})
  if(arg_SOURCES)
    add_library(weft_${name} STATIC ${arg_SOURCES})
    target_sources(weft_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
    target_link_libraries(weft_${name} PUBLIC weft_build ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS})
  else()
    add_library(weft_${name} INTERFACE)
    target_sources(weft_${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
    target_link_libraries(weft_${name} INTERFACE weft_build ${arg_LINKS})
  endif()
  add_library(weft::${name} ALIAS weft_${name})
endfunction()
