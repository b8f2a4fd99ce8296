# Installs the pinned npm packages into OUT and compiles the .proto files of fabric-protos to OUT/reference.desc.
# Whatever is missing is written to OUT/missing.txt, for the test that then skips; it is no failure of weft.
set(packages_stamp ${OUT}/installed.json)
set(schemas ${OUT}/node_modules/fabric-protos/protos)
file(MAKE_DIRECTORY ${OUT})
file(REMOVE ${OUT}/missing.txt)

function(give_up reason)
  file(REMOVE ${OUT}/reference.desc ${packages_stamp})
  file(WRITE ${OUT}/missing.txt "${reason}\n")
  message("no reference schemas: ${reason}")
endfunction()

find_program(NPM npm)
if(NOT NPM)
  give_up("npm is not installed")
  return()
endif()

file(SHA256 ${PACKAGES}/package-lock.json wanted)
set(installed "")
if(EXISTS ${packages_stamp})
  file(READ ${packages_stamp} installed)
endif()
if(NOT installed STREQUAL wanted OR NOT EXISTS ${schemas})
  file(COPY ${PACKAGES}/package.json ${PACKAGES}/package-lock.json DESTINATION ${OUT})
  execute_process(
    COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000
    WORKING_DIRECTORY ${OUT} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text TIMEOUT 240)
  if(NOT status EQUAL 0)
    give_up("npm ci failed (${status}): ${text}")
    return()
  endif()
  file(WRITE ${packages_stamp} ${wanted})
endif()

file(GLOB_RECURSE files RELATIVE ${schemas} ${schemas}/*.proto)
execute_process(
  COMMAND ${PROTOC} -I ${schemas} -I ${PROTO_INCLUDE} --include_imports --descriptor_set_out=${OUT}/reference.desc ${files}
  WORKING_DIRECTORY ${schemas} RESULT_VARIABLE status ERROR_VARIABLE text)
if(NOT status EQUAL 0)
  give_up("protoc could not read the schemas of fabric-protos: ${text}")
endif()
