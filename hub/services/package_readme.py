"""The page inside a downloaded recording, for whoever opens it in twenty years. Both languages, no template."""

README = """BẢN GHI BUỔI TIẾP CÔNG DÂN – CÁCH KIỂM TRA
==========================================

Trong thư mục này:
  manifest.json        bản kê: ai, khi nào, mọi đoạn ghi, chỗ thiếu, sự kiện, kèm mã băm
  SHA256SUMS           mã băm SHA-256 của bản kê và của từng đoạn ghi, giờ niêm phong, khóa
  SHA256SUMS.sig       chữ ký Ed25519 của hệ thống trên SHA256SUMS
  SHA256SUMS.sig.tsr   dấu thời gian (RFC 3161) trên chữ ký, nếu có
  key.pem              khóa công khai để kiểm tra chữ ký
  authority.pem        chứng thư của cơ quan cấp dấu thời gian, nếu có
  custody.json         nhật ký lưu giữ: ai đã niêm phong, xem, tải, kiểm tra, khi nào, vì sao
  các thư mục con      các đoạn ghi (WebM hoặc MP4), xem được từng tệp bằng mọi trình phát

Chỉ cần sha256sum và openssl (3.0 trở lên). Mở dòng lệnh trong thư mục này rồi chạy:

  1. Mọi tệp còn nguyên (mỗi dòng phải là OK):
     sha256sum --check --strict SHA256SUMS
  2. Chữ ký đúng (phải hiện "Signature Verified Successfully"):
     openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
  3. Khóa là của hệ thống: dấu vân tay dưới đây phải trùng với trang /keys của hệ thống:
     openssl pkey -pubin -in key.pem -outform DER | sha256sum
  4. Chữ ký đã có vào giờ ghi trong dấu thời gian (nếu có, phải hiện "Verification: OK"):
     openssl ts -verify -data SHA256SUMS.sig -in SHA256SUMS.sig.tsr -CAfile authority.pem
     openssl ts -reply -in SHA256SUMS.sig.tsr -text

Tệp nào không có trong SHA256SUMS (trừ các tệp kể trên) thì không thuộc bản ghi.


RECORDING OF A CITIZEN RECEPTION – HOW TO CHECK IT
==================================================

In this folder:
  manifest.json        who, when, every segment, gap and event, with checksums
  SHA256SUMS           SHA-256 of the manifest and of every segment, time of the seal, key
  SHA256SUMS.sig       the hub's Ed25519 signature of SHA256SUMS
  SHA256SUMS.sig.tsr   time stamp (RFC 3161) of the signature, if there is one
  key.pem              public key to check the signature with
  authority.pem        certificates of the time-stamping authority, if there is a stamp
  custody.json         chain of custody: who sealed, replayed, downloaded, verified, when, why
  the folders          segments (WebM or MP4), each plays by itself in any player

sha256sum and openssl (3.0 or newer) are enough. Open a terminal in this folder and run:

  1. Every file is whole (each line must say OK):
     sha256sum --check --strict SHA256SUMS
  2. The signature is right (must say "Signature Verified Successfully"):
     openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
  3. The key is the hub's: the fingerprint must be one that the hub's page /keys shows:
     openssl pkey -pubin -in key.pem -outform DER | sha256sum
  4. The signature existed at the time in the stamp (if there is one; must say "Verification: OK"):
     openssl ts -verify -data SHA256SUMS.sig -in SHA256SUMS.sig.tsr -CAfile authority.pem
     openssl ts -reply -in SHA256SUMS.sig.tsr -text

What SHA256SUMS does not list (other than the files above) is no part of the recording.
"""

README_EXTRACT = """BẢN TRÍCH TỪ BẢN GHI BUỔI TIẾP CÔNG DÂN – CÁCH KIỂM TRA
=======================================================

Một số đoạn của bản ghi được giữ kín. Thay cho chúng là hình đen và im lặng (tệp *.withheld.webm); manifest.json ghi
từng đoạn và căn cứ pháp lý ở mục "withheld". Ghi chép và tin nhắn trong các đoạn đó cũng không có ở đây.

Trong thư mục này:
  manifest.json              bản kê của bản trích: mọi tệp, kèm mã băm, và mã băm của bản kê gốc
  SHA256SUMS, .sig, key.pem  mã băm của bản trích, chữ ký của hệ thống, khóa công khai
  original/                  danh sách mã băm của bản ghi gốc, chữ ký, dấu thời gian, khóa công khai
  custody.json               nhật ký lưu giữ: ai đã giữ kín, bỏ giữ kín, xem, tải, khi nào, vì sao

Chỉ cần sha256sum, openssl (3.0 trở lên) và grep. Mở dòng lệnh trong thư mục này rồi chạy:

  1. Mọi tệp của bản trích còn nguyên (mỗi dòng phải là OK):
     sha256sum --check --strict SHA256SUMS
  2. Chữ ký của bản trích đúng (phải hiện "Signature Verified Successfully"):
     openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
  3. Chữ ký của bản gốc đúng (như trên):
     openssl pkeyutl -verify -pubin -inkey original/key.pem -rawin \\
       -in original/SHA256SUMS -sigfile original/SHA256SUMS.sig
  4. Các đoạn được giao có trong bản gốc (chỉ được hiện manifest.json và các tệp *.withheld.webm):
     grep -v '^#' SHA256SUMS | grep -v -x -F -f original/SHA256SUMS
  5. Khóa là của hệ thống: dấu vân tay phải có trên trang /keys của hệ thống:
     openssl pkey -pubin -in key.pem -outform DER | sha256sum
  6. Dấu thời gian của bản gốc, nếu có (phải hiện "Verification: OK"):
     openssl ts -verify -data original/SHA256SUMS.sig -in original/SHA256SUMS.sig.tsr -CAfile original/authority.pem


EXTRACT OF THE RECORDING OF A CITIZEN RECEPTION – HOW TO CHECK IT
=================================================================

Passages of the recording are withheld. Black pictures and silence (files *.withheld.webm) stand in their place;
manifest.json names each passage and its legal ground under "withheld". Notes and messages within them are left out too.

In this folder:
  manifest.json              of the extract: every file with its checksum, and the checksum of the original manifest
  SHA256SUMS, .sig, key.pem  checksums of the extract, the hub's signature, the public key
  original/                  the checksums that the recording was sealed with, signature, time stamp, public key
  custody.json               chain of custody: who withheld, lifted, replayed, downloaded, when, why

sha256sum, openssl (3.0 or newer) and grep are enough. Open a terminal in this folder and run:

  1. Every file of the extract is whole (each line must say OK):
     sha256sum --check --strict SHA256SUMS
  2. The extract's signature is right (must say "Signature Verified Successfully"):
     openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
  3. The original's signature is right (the same):
     openssl pkeyutl -verify -pubin -inkey original/key.pem -rawin \\
       -in original/SHA256SUMS -sigfile original/SHA256SUMS.sig
  4. What is handed out is in the original (may show only manifest.json and files *.withheld.webm):
     grep -v '^#' SHA256SUMS | grep -v -x -F -f original/SHA256SUMS
  5. The key is the hub's: the fingerprint must be one that the hub's page /keys shows:
     openssl pkey -pubin -in key.pem -outform DER | sha256sum
  6. The original's time stamp, if there is one (must say "Verification: OK"):
     openssl ts -verify -data original/SHA256SUMS.sig -in original/SHA256SUMS.sig.tsr -CAfile original/authority.pem
"""
