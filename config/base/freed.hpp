// Owning pointers to what C libraries hand out.
#pragma once

namespace weft {

/// The deleter that calls one function: `std::unique_ptr<BIO, freed<&BIO_free>>`.
template <auto Free>
struct freed {
  template <class T>
  void operator()(T* p) const noexcept { Free(p); }
};

}  // namespace weft
