# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -P: packs objects of modules into one archive, as <module>.<file>.o.
string(REPLACE "|" ";" modules "${modules}")
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})
set(members "")
foreach(module ${modules})
  string(REPLACE "|" ";" objects "${${module}}")
  string(REGEX REPLACE "-.*" "" name ${module})
  foreach(object ${objects})
    # "file.cpp.o" and "file.S.o" may stand side by side.
    cmake_path(GET object FILENAME file)
    string(REGEX REPLACE "\\.(cpp|c)\\.o$" ".o" file ${file})
    file(COPY_FILE ${object} ${scratch}/${name}.${file})
    list(APPEND members ${scratch}/${name}.${file})
  endforeach()
endforeach()
file(REMOVE ${output})
execute_process(COMMAND ${ar} rcs ${output} ${members}
                COMMAND_ERROR_IS_FATAL ANY)
